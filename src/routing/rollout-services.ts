import type { Pod } from '../model/pod.ts';
import type { Rollout, RolloutSpec } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';

/**
 * The Services of a Rollout: those that its strategy names and, when none of them is there, those that select its Pods.
 *
 * @param services all of its namespace
 * @param pods some of its Pods: their labels stand in for a template that lies elsewhere (workloadRef)
 */
export function rolloutServices(
  rollout: Rollout,
  services: readonly Service[],
  pods: readonly Pod[],
): readonly Service[] {
  const names = serviceNames(rollout.spec);
  const named = services.filter(({ name }) => names.has(name));
  if (named.length > 0) return named;
  const labels = rollout.spec.templateLabels ?? pods[0]?.labels ?? null;
  if (labels === null) return [];
  return services.filter(({ selector }) => {
    const wanted = Object.entries(selector ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
}

function serviceNames({ strategy }: RolloutSpec): ReadonlySet<string> {
  const names =
    strategy.kind === 'canary'
      ? [
          strategy.stableService,
          strategy.canaryService,
          strategy.pingPong?.pingService ?? '',
          strategy.pingPong?.pongService ?? '',
        ]
      : [strategy.activeService, strategy.previewService];
  return new Set(names.filter((name) => name !== ''));
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
