import type { Experiment } from '../model/experiment.ts';
import { compareObjects } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';

/** The kinds of lists that can be looked up, and what is in them. */
export interface Kinds {
  /** By name; in order of the namespace. */
  readonly rollouts: Rollout;
  /** By namespace; in order of the name. */
  readonly experiments: Experiment;
  /** By name; in order of the namespace. */
  readonly services: Service;
  /** By the first label of their selectors, a `labelKey`. */
  readonly servicesByLabel: Service;
  /** By ReplicaSet, `namespace/name`; in order of the address, then the name. */
  readonly pods: Pod;
}

export type Kind = keyof Kinds;

/**
 * The look-ups that compiling needs. All are made of `list`, so whoever watches that knows everything that a result
 * depends on (`recorded-index.ts`).
 */
export abstract class ObjectIndex {
  /** Asked for several times in one compilation, and they may be thousands. */
  readonly #versionPods = new Map<string, readonly Pod[]>();

  abstract list<K extends Kind>(kind: K, key: string): readonly Kinds[K][];

  rolloutsNamed(name: string): readonly Rollout[] {
    return this.list('rollouts', name);
  }

  experimentsIn(namespace: string): readonly Experiment[] {
    return this.list('experiments', namespace);
  }

  servicesNamed(name: string): readonly Service[] {
    return this.list('services', name);
  }

  static labelKey(namespace: string, key: string, value: string): string {
    return `${namespace}/${key}=${value}`;
  }

  /** The Services of a namespace whose selector is not empty and selects these labels, by name. */
  servicesSelecting(namespace: string, labels: Readonly<Record<string, string>>): readonly Service[] {
    // A selector is found under its first label, so that 1,000 Rollouts do not each look at 1,000 Services.
    return Object.entries(labels)
      .flatMap((label) => this.list('servicesByLabel', ObjectIndex.labelKey(namespace, ...label)))
      .filter(({ selector }) => Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value))
      .sort(compareObjects);
  }

  /**
   * The Pods of one version of a Rollout: the label alone would not do, since two Rollouts of a namespace may share a
   * hash.
   */
  rolloutPods({ namespace, name }: Rollout, hash: string): readonly Pod[] {
    const replicaSet = `${namespace}/${name}-${hash}`;
    // The name of a Rollout may end like a hash.
    const key = `${replicaSet} ${hash}`;
    let pods = this.#versionPods.get(key);
    if (pods === undefined) {
      const all = this.list('pods', replicaSet);
      // All of them, unless somebody has changed a label.
      pods = all.every((pod) => pod.hash === hash) ? all : all.filter((pod) => pod.hash === hash);
      this.#versionPods.set(key, pods);
    }
    return pods;
  }

  /** The Pods of one template of an Experiment: two templates may share a hash, never a ReplicaSet. */
  experimentPods({ namespace, name }: Experiment, template: string): readonly Pod[] {
    return this.list('pods', `${namespace}/${name}-${template}`);
  }
}
