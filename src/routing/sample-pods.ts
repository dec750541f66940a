import type { ContainerPort } from '../model/fields.ts';
import type { Pod } from '../model/pod.ts';

/**
 * The Pods that are asked for what all of a Rollout have in common: those of the first version that has one that takes requests, else of the
 * first that has any.
 * @param versions the Pods of each, in order of preference
 */
export function samplePods(versions: readonly (readonly Pod[])[]): readonly Pod[] {
  const isUsable = ({ usable }: Pod) => usable;
  return versions.find((pods) => pods.some(isUsable)) ?? versions.find((pods) => pods.length > 0) ?? [];
}

/** One of them that takes requests where there is one. Undefined: there is none. */
export function samplePod(pods: readonly Pod[]): Pod | undefined {
  return pods.find(({ usable }) => usable) ?? pods[0];
}

/**
 * The ports that all of them declare that take requests, or all where none does: a Pod that an operator has given a sidecar, and its ports,
 * must not change what the others get. Where nothing is common, those of the first.
 */
export function commonPorts(pods: readonly Pod[]): readonly ContainerPort[] {
  const usable = pods.filter((pod) => pod.usable);
  const [first, ...others] = usable.length > 0 ? usable : pods;
  const declared = first?.ports ?? [];
  const common = declared.filter(({ containerPort }) =>
    others.every(({ ports }) => ports.some((other) => other.containerPort === containerPort)),
  );
  return common.length > 0 ? common : declared;
}
