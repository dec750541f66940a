import type { Experiment } from '../model/experiment.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** A snapshot with the look-ups that compiling needs, so that 10,000 Pods are walked once and not once a Rollout. */
export class SnapshotIndex {
  readonly #rollouts: ReadonlyMap<string, readonly Rollout[]>;
  readonly #experiments: ReadonlyMap<string, readonly Experiment[]>;
  readonly #services: ReadonlyMap<string, readonly Service[]>;
  readonly #serviceByName: ReadonlyMap<string, Service>;
  readonly #pods: ReadonlyMap<string, readonly Pod[]>;

  constructor(snapshot: Snapshot) {
    this.#rollouts = groupBy(snapshot.rollouts, ({ name }) => name);
    this.#experiments = groupBy(snapshot.experiments, ({ namespace }) => namespace);
    this.#serviceByName = new Map(
      snapshot.services.map((service) => [`${service.namespace}/${service.name}`, service]),
    );
    this.#services = groupBy(snapshot.services, ({ namespace }) => namespace);
    this.#pods = groupBy(snapshot.pods, ({ namespace, replicaSet }) => `${namespace}/${replicaSet}`);
  }

  /** The Rollouts of that name, by namespace. */
  rolloutsNamed(name: string): readonly Rollout[] {
    return this.#rollouts.get(name) ?? [];
  }

  experimentsIn(namespace: string): readonly Experiment[] {
    return this.#experiments.get(namespace) ?? [];
  }

  serviceNamed(namespace: string, name: string): Service | undefined {
    return this.#serviceByName.get(`${namespace}/${name}`);
  }

  servicesIn(namespace: string): readonly Service[] {
    return this.#services.get(namespace) ?? [];
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
