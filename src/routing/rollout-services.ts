import { compareText } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout, RolloutSpec } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/**
 * The Services of a Rollout: those that its strategy names and, when none of them is there, those that select its Pods.
 *
 * @param pods some of its Pods: their labels stand in for a template that lies elsewhere (workloadRef)
 */
export function rolloutServices(rollout: Rollout, index: SnapshotIndex, pods: readonly Pod[]): readonly Service[] {
  const { namespace } = rollout;
  const names = serviceNames(rollout.spec);
  const named = names.map((name) => index.serviceNamed(namespace, name)).filter((service) => service !== undefined);
  if (named.length > 0) return named;
  const labels = rollout.spec.templateLabels ?? pods[0]?.labels ?? null;
  if (labels === null) return [];
  return index.servicesIn(namespace).filter(({ selector }) => {
    const wanted = Object.entries(selector ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
}

function serviceNames({ strategy }: RolloutSpec): readonly string[] {
  const names =
    strategy.kind === 'canary'
      ? [
          strategy.stableService,
          strategy.canaryService,
          strategy.pingPong?.pingService ?? '',
          strategy.pingPong?.pongService ?? '',
        ]
      : [strategy.activeService, strategy.previewService];
  return [...new Set(names)].filter((name) => name !== '').sort(compareText);
}

/** The names by which a client inside the cluster reaches a Service, lower case. */
export function serviceHosts(services: readonly Service[]): readonly string[] {
  return services.flatMap(({ name, namespace }) => [
    name,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.cluster.local`,
  ]);
}
