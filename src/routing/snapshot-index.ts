import type { Experiment } from '../model/experiment.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { ObjectIndex } from './object-index.ts';

type Groups<T> = ReadonlyMap<string, readonly T[]>;

const NONE: readonly never[] = Object.freeze([]);

interface ObjectGroups {
  /** By name. */
  rollouts: Groups<Rollout>;
  /** By namespace. */
  experiments: Groups<Experiment>;
  /** By name. */
  services: Groups<Service>;
  servicesByLabel: Groups<Service>;
}

/** A snapshot by keys. What did not change since the snapshot before is not gathered again, and gives the same lists. */
export class SnapshotIndex extends ObjectIndex {
  readonly #snapshot: Snapshot;
  readonly #groups: Readonly<ObjectGroups>;

  constructor(snapshot: Snapshot, before: SnapshotIndex | null) {
    super();
    this.#snapshot = snapshot;
    this.#groups =
      before === null ? groupsOf(snapshot, null, EMPTY) : groupsOf(snapshot, before.#snapshot, before.#groups);
  }

  /** Another value when a Rollout, an Experiment or a Service is another: what was looked up of them may have changed. */
  get objects(): unknown {
    return this.#groups;
  }

  override rolloutsNamed(name: string): readonly Rollout[] {
    return this.#groups.rollouts.get(name) ?? NONE;
  }

  override experimentsIn(namespace: string): readonly Experiment[] {
    return this.#groups.experiments.get(namespace) ?? NONE;
  }

  override servicesNamed(name: string): readonly Service[] {
    return this.#groups.services.get(name) ?? NONE;
  }

  override servicesByFirstLabel(key: string): readonly Service[] {
    return this.#groups.servicesByLabel.get(key) ?? NONE;
  }

  override podsOf(key: string): readonly Pod[] {
    return this.#snapshot.pods.get(key) ?? NONE;
  }
}

const EMPTY: Readonly<ObjectGroups> = {
  rollouts: new Map(),
  experiments: new Map(),
  services: new Map(),
  servicesByLabel: new Map(),
};

/** The same object while no Rollout, Experiment or Service is another. */
function groupsOf(snapshot: Snapshot, last: Snapshot | null, before: Readonly<ObjectGroups>): Readonly<ObjectGroups> {
  const groups: ObjectGroups = { ...before };
  if (snapshot.rollouts !== last?.rollouts) {
    groups.rollouts = sharing(
      groupBy(snapshot.rollouts, ({ name }) => name),
      before.rollouts,
    );
  }
  if (snapshot.experiments !== last?.experiments) {
    groups.experiments = sharing(
      groupBy(snapshot.experiments, ({ namespace }) => namespace),
      before.experiments,
    );
  }
  if (snapshot.services !== last?.services) {
    groups.services = sharing(
      groupBy(snapshot.services, ({ name }) => name),
      before.services,
    );
    groups.servicesByLabel = sharing(groupBy(snapshot.services, firstLabel), before.servicesByLabel);
  }
  const same = groups.rollouts === before.rollouts && groups.experiments === before.experiments;
  return same && groups.services === before.services ? before : groups;
}

function firstLabel({ namespace, selector }: Service): string {
  const [first] = Object.entries(selector ?? {});
  return first === undefined ? '' : ObjectIndex.labelKey(namespace, ...first);
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Groups<T> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** `groups`, with the list of `before` where it holds the same objects. */
function sharing<T>(groups: Groups<T>, before: Groups<T>): Groups<T> {
  return new Map(
    [...groups].map(([key, list]) => {
      const old = before.get(key);
      const same = old?.length === list.length && old.every((value, i) => value === list[i]);
      return [key, same ? old : list];
    }),
  );
}
