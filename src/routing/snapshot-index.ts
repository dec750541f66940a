import { difference } from '../common/difference.ts';
import { compareObjects } from '../model/order.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Kind, type Kinds, ObjectIndex } from './object-index.ts';

type Groups<T> = ReadonlyMap<string, readonly T[]>;

/** The keys whose lists may be others than before, by kind. */
export type Changes = ReadonlyMap<Kind, ReadonlySet<string>>;

type ObjectGroups = { readonly [K in Exclude<Kind, 'pods'>]: Groups<Kinds[K]> };

const NONE: readonly never[] = Object.freeze([]);

/** A snapshot by keys. What did not change since the snapshot before is not gathered again, and gives the same lists. */
export class SnapshotIndex extends ObjectIndex {
  readonly #snapshot: Snapshot;
  readonly #groups: ObjectGroups;
  /** Since the index that this one was made of; null: it was made of none, or nobody knows. */
  readonly changes: Changes | null;

  constructor(snapshot: Snapshot, before: SnapshotIndex | null) {
    super();
    this.#snapshot = snapshot;
    const last = before === null ? EMPTY : { ...before.#snapshot, groups: before.#groups };
    const { groups } = last;
    const { rollouts, experiments, services, pods } = snapshot;
    const regrouped = {
      rollouts: regroup(groups.rollouts, last.rollouts, rollouts, ({ name }) => name),
      experiments: regroup(groups.experiments, last.experiments, experiments, ({ namespace }) => namespace),
      services: regroup(groups.services, last.services, services, ({ name }) => name),
      servicesByLabel: regroup(groups.servicesByLabel, last.services, services, firstLabel),
    };
    this.#groups = {
      rollouts: regrouped.rollouts.groups,
      experiments: regrouped.experiments.groups,
      services: regrouped.services.groups,
      servicesByLabel: regrouped.servicesByLabel.groups,
    };
    const changedPods = before === null ? null : pods.changedSince(before.#snapshot.pods);
    this.changes =
      changedPods === null
        ? null
        : new Map<Kind, ReadonlySet<string>>([
            ['rollouts', regrouped.rollouts.changed],
            ['experiments', regrouped.experiments.changed],
            ['services', regrouped.services.changed],
            ['servicesByLabel', regrouped.servicesByLabel.changed],
            ['pods', new Set(changedPods)],
          ]);
  }

  /** The same list until something in it changes. */
  override list<K extends Kind>(kind: K, key: string): readonly Kinds[K][];
  override list(kind: Kind, key: string): readonly unknown[] {
    return (kind === 'pods' ? this.#snapshot.pods : this.#groups[kind]).get(key) ?? NONE;
  }
}

const EMPTY: Pick<Snapshot, 'rollouts' | 'experiments' | 'services'> & { readonly groups: ObjectGroups } = {
  rollouts: NONE,
  experiments: NONE,
  services: NONE,
  groups: { rollouts: new Map(), experiments: new Map(), services: new Map(), servicesByLabel: new Map() },
};

function firstLabel({ namespace, selector }: Service): string {
  const [first] = Object.entries(selector ?? {});
  return first === undefined ? '' : ObjectIndex.labelKey(namespace, ...first);
}

/** The groups after what was `last` has become `next`, and the keys of those that are others. */
function regroup<T extends { readonly namespace: string; readonly name: string }>(
  before: Groups<T>,
  last: readonly T[],
  next: readonly T[],
  keyOf: (value: T) => string,
): { readonly groups: Groups<T>; readonly changed: ReadonlySet<string> } {
  if (last === next) return { groups: before, changed: new Set() };
  const [gone, came] = difference(last, next);
  const groups = new Map(before);
  const added = Map.groupBy(came, keyOf);
  const changed = new Set([...gone, ...came].map(keyOf));
  for (const key of changed) {
    const kept = (before.get(key) ?? NONE).filter((value) => !gone.has(value));
    const values = [...kept, ...(added.get(key) ?? NONE)].sort(compareObjects);
    if (values.length === 0) groups.delete(key);
    else groups.set(key, values);
  }
  return { groups, changed };
}
