import type { Experiment } from '../model/experiment.ts';
import { compareObjects } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** A snapshot with the look-ups that compiling needs, so that 10,000 Pods are walked once and not once a Rollout. */
export class SnapshotIndex {
  readonly #rollouts: ReadonlyMap<string, readonly Rollout[]>;
  readonly #experiments: ReadonlyMap<string, readonly Experiment[]>;
  readonly #services: ReadonlyMap<string, readonly Service[]>;
  readonly #servicesByLabel: ReadonlyMap<string, readonly Service[]>;
  readonly #pods: ReadonlyMap<string, readonly Pod[]>;

  constructor(snapshot: Snapshot) {
    this.#rollouts = groupBy(snapshot.rollouts, ({ name }) => name);
    this.#experiments = groupBy(snapshot.experiments, ({ namespace }) => namespace);
    this.#services = groupBy(snapshot.services, ({ name }) => name);
    this.#servicesByLabel = groupBy(snapshot.services, ({ namespace, selector }) => {
      const [first] = Object.entries(selector ?? {});
      return first === undefined ? '' : labelKey(namespace, ...first);
    });
    this.#pods = groupBy(snapshot.pods, ({ namespace, replicaSet }) => `${namespace}/${replicaSet}`);
  }

  /** The Rollouts of that name, by namespace. */
  rolloutsNamed(name: string): readonly Rollout[] {
    return this.#rollouts.get(name) ?? [];
  }

  experimentsIn(namespace: string): readonly Experiment[] {
    return this.#experiments.get(namespace) ?? [];
  }

  /** The Services of that name, by namespace. */
  servicesNamed(name: string): readonly Service[] {
    return this.#services.get(name) ?? [];
  }

  /** The Services of a namespace whose selector is not empty and selects these labels, by name. */
  servicesSelecting(namespace: string, labels: Readonly<Record<string, string>>): readonly Service[] {
    // A selector is found under its first label, so that 1,000 Rollouts do not each look at 1,000 Services.
    return Object.entries(labels)
      .flatMap((label) => this.#servicesByLabel.get(labelKey(namespace, ...label)) ?? [])
      .filter(({ selector }) => Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value))
      .sort(compareObjects);
  }

  /**
   * The Pods of one version of a Rollout: the label alone would not do, since two Rollouts of a namespace may share a
   * hash.
   */
  rolloutPods({ namespace, name }: Rollout, hash: string): readonly Pod[] {
    const pods = this.#pods.get(`${namespace}/${name}-${hash}`) ?? [];
    return pods.filter((pod) => pod.hash === hash);
  }

  /** The Pods of one template of an Experiment: two templates may share a hash, never a ReplicaSet. */
  experimentPods({ namespace, name }: Experiment, template: string): readonly Pod[] {
    return this.#pods.get(`${namespace}/${name}-${template}`) ?? [];
  }
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}/${key}=${value}`;
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
