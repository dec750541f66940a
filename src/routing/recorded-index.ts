import { type Kind, type Kinds, ObjectIndex } from './object-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/** What was looked up, by kind and key, and the lists that it gave. */
export type Reads = ReadonlyMap<Kind, ReadonlyMap<string, readonly unknown[]>>;

/**
 * An index that remembers what was looked up. As long as the same look-ups give the same lists, whatever was computed
 * from them need not be computed again: that is how one changed Pod costs the work of one Rollout.
 */
export class RecordedIndex extends ObjectIndex {
  readonly #index: SnapshotIndex;
  readonly #reads = new Map<Kind, Map<string, readonly unknown[]>>();

  constructor(index: SnapshotIndex) {
    super();
    this.#index = index;
  }

  /** So far. */
  get reads(): Reads {
    return this.#reads;
  }

  override list<K extends Kind>(kind: K, key: string): readonly Kinds[K][] {
    const list = this.#index.list(kind, key);
    const lists = this.#reads.get(kind);
    if (lists === undefined) this.#reads.set(kind, new Map([[key, list]]));
    else lists.set(key, list);
    return list;
  }
}

/**
 * Whether what was computed from these look-ups would come out the same.
 * @param reads that held for the index that `index` was made of
 */
export function readsHold(reads: Reads, index: SnapshotIndex): boolean {
  for (const [kind, lists] of reads) {
    const changed = index.changes?.get(kind);
    // Of a thousand look-ups few have changed; of a thousand changes few were looked up.
    const keys = changed !== undefined && changed.size <= lists.size ? changed : lists.keys();
    for (const key of keys) {
      const list = lists.get(key);
      if (list !== undefined && index.list(kind, key) !== list) return false;
    }
  }
  return true;
}
