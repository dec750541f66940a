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
  readonly rollouts: Groups<Rollout>;
  /** By namespace. */
  readonly experiments: Groups<Experiment>;
  /** By name. */
  readonly services: Groups<Service>;
  readonly servicesByLabel: Groups<Service>;
}

/** A snapshot by keys. What did not change since the snapshot before is not gathered again, and gives the same lists. */
export class SnapshotIndex extends ObjectIndex {
  readonly #snapshot: Snapshot;
  readonly #groups: ObjectGroups;

  constructor(snapshot: Snapshot, before: SnapshotIndex | null) {
    super();
    this.#snapshot = snapshot;
    this.#groups = before === null ? group(snapshot) : regroup(snapshot, before.#snapshot, before.#groups);
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

function group({ rollouts, experiments, services }: Snapshot): ObjectGroups {
  return {
    rollouts: groupBy(rollouts, ({ name }) => name),
    experiments: groupBy(experiments, ({ namespace }) => namespace),
    services: groupBy(services, ({ name }) => name),
    servicesByLabel: groupBy(services, firstLabel),
  };
}

function regroup(snapshot: Snapshot, last: Snapshot, before: ObjectGroups): ObjectGroups {
  if (
    snapshot.rollouts === last.rollouts &&
    snapshot.experiments === last.experiments &&
    snapshot.services === last.services
  ) {
    return before;
  }
  const groups = group(snapshot);
  return {
    rollouts: sharing(groups.rollouts, before.rollouts),
    experiments: sharing(groups.experiments, before.experiments),
    services: sharing(groups.services, before.services),
    servicesByLabel: sharing(groups.servicesByLabel, before.servicesByLabel),
  };
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
