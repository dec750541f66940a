import { compareText } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout, RolloutSpec } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { ObjectIndex } from './object-index.ts';
import { samplePod } from './sample-pods.ts';

/**
 * The Services of a Rollout: those that its strategy names and, when none of them is there, those that select its Pods.
 *
 * @param podsOf see `samplePods`, asked for only when needed: the labels of one stand in for a template that lies elsewhere (workloadRef)
 */
export function rolloutServices(
  rollout: Rollout,
  index: ObjectIndex,
  podsOf: () => readonly Pod[],
): readonly Service[] {
  const { namespace } = rollout;
  const names = serviceNames(rollout.spec);
  const named = names.flatMap((name) => index.servicesNamed(name).filter((service) => service.namespace === namespace));
  if (named.length > 0) return named;
  return index.servicesSelecting(namespace, rollout.spec.templateLabels ?? samplePod(podsOf())?.labels ?? {});
}

/** The Services that the strategy names, whether they are there or not; sorted. */
export function serviceNames({ strategy }: RolloutSpec): readonly string[] {
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

/**
 * The names by which a client inside the cluster reaches a Service, lower case. A bare name means another Service in each
 * namespace, and a request does not say from which one it comes.
 *
 * @param isUnique whether no other namespace has a Service of that name
 */
export function serviceHosts(services: readonly Service[], isUnique: (name: string) => boolean): readonly string[] {
  return services.flatMap(({ name, namespace }) => [
    ...(isUnique(name) ? [name] : []),
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.cluster.local`,
  ]);
}
