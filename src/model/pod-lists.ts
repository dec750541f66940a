import { compareText } from './order.ts';
import type { Pod } from './pod.ts';

/** More changes than this are put into a map of their own, so that a list is at most two look-ups away. */
const MOST_CHANGES = 64;

/**
 * Pods by namespace and the ReplicaSet that owns them, `shop/web-5d8`. Immutable; a changed version shares all that is
 * as it was with the one before, so that a change costs nothing in proportion to all ReplicaSets.
 */
export class PodLists {
  static readonly empty = new PodLists(new Map(), new Map(), null, []);
  readonly #base: ReadonlyMap<string, readonly Pod[]>;
  readonly #changes: ReadonlyMap<string, readonly Pod[]>;
  /** Tells it from all others. A reference from each to the one that it was made of would keep them all. */
  readonly #id = Symbol('PodLists');
  readonly #madeOf: symbol | null;
  readonly #changed: readonly string[];

  private constructor(
    base: ReadonlyMap<string, readonly Pod[]>,
    changes: ReadonlyMap<string, readonly Pod[]>,
    madeOf: symbol | null,
    changed: readonly string[],
  ) {
    this.#base = base;
    this.#changes = changes;
    this.#madeOf = madeOf;
    this.#changed = changed;
  }

  /** The ReplicaSets whose lists may be others than in `before`; null: it is not known, since this was not made of it. */
  changedSince(before: PodLists): readonly string[] | null {
    if (before === this) return [];
    return before.#id === this.#madeOf ? this.#changed : null;
  }

  /** By address, then name; undefined: there are none. A list that did not change is the same list. */
  get(replicaSet: string): readonly Pod[] | undefined {
    const list = this.#changes.get(replicaSet) ?? this.#base.get(replicaSet);
    return list === undefined || list.length === 0 ? undefined : list;
  }

  /** Every list, by namespace and ReplicaSet. For whoever wants them all: it costs as much. */
  values(): readonly (readonly Pod[])[] {
    const all = [...new Map([...this.#base, ...this.#changes])].filter(([, pods]) => pods.length > 0);
    return all.sort(([a], [b]) => compareText(a, b)).map(([, pods]) => pods);
  }

  /** With these lists instead of those of the same name; an empty one takes a list away. */
  with(changes: readonly (readonly [replicaSet: string, pods: readonly Pod[]])[]): PodLists {
    const changed = changes.map(([replicaSet]) => replicaSet);
    const all = new Map([...this.#changes, ...changes]);
    if (all.size <= MOST_CHANGES) return new PodLists(this.#base, all, this.#id, changed);
    const base = new Map(this.#base);
    for (const [replicaSet, pods] of all) {
      if (pods.length === 0) base.delete(replicaSet);
      else base.set(replicaSet, pods);
    }
    return new PodLists(base, new Map(), this.#id, changed);
  }
}
