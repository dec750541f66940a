import type { Experiment } from '../model/experiment.ts';
import { compareObjects } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';

/**
 * The look-ups that compiling needs. Five of them are read off the objects; all others are made of those, so whoever
 * watches the five knows everything that a result depends on (`recorded-index.ts`).
 */
export abstract class ObjectIndex {
  /** The Rollouts of that name, by namespace. */
  abstract rolloutsNamed(name: string): readonly Rollout[];

  /** By name. */
  abstract experimentsIn(namespace: string): readonly Experiment[];

  /** The Services of that name, by namespace. */
  abstract servicesNamed(name: string): readonly Service[];

  /** The Services whose selector begins with that label; a `labelKey`. */
  abstract servicesByFirstLabel(key: string): readonly Service[];

  /** By name, the Pods of a ReplicaSet, `namespace/name`. */
  abstract podsOf(replicaSet: string): readonly Pod[];

  static labelKey(namespace: string, key: string, value: string): string {
    return `${namespace}/${key}=${value}`;
  }

  /** The Services of a namespace whose selector is not empty and selects these labels, by name. */
  servicesSelecting(namespace: string, labels: Readonly<Record<string, string>>): readonly Service[] {
    // A selector is found under its first label, so that 1,000 Rollouts do not each look at 1,000 Services.
    return Object.entries(labels)
      .flatMap((label) => this.servicesByFirstLabel(ObjectIndex.labelKey(namespace, ...label)))
      .filter(({ selector }) => Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value))
      .sort(compareObjects);
  }

  /**
   * The Pods of one version of a Rollout: the label alone would not do, since two Rollouts of a namespace may share a
   * hash.
   */
  rolloutPods({ namespace, name }: Rollout, hash: string): readonly Pod[] {
    return this.podsOf(`${namespace}/${name}-${hash}`).filter((pod) => pod.hash === hash);
  }

  /** The Pods of one template of an Experiment: two templates may share a hash, never a ReplicaSet. */
  experimentPods({ namespace, name }: Experiment, template: string): readonly Pod[] {
    return this.podsOf(`${namespace}/${name}-${template}`);
  }
}
