import type { Kind } from './object-index.ts';
import type { Reads } from './recorded-index.ts';
import type { Changes } from './snapshot-index.ts';

/**
 * A list of results, each computed from an input of its own and from what it looked up. It knows which of them would have to be computed
 * again: of a thousand Rollouts a changed Pod concerns one, and no other is looked at.
 */
export class Results<I, R extends { readonly reads: Reads }> {
  readonly inputs: readonly I[];
  readonly list: readonly R[];
  /** Null: nobody has asked yet, or they went over to the next results. */
  #readers: Readers | null;

  constructor(inputs: readonly I[], list: readonly R[], readers: Readers | null = null) {
    this.inputs = inputs;
    this.list = list;
    this.#readers = readers;
  }

  /**
   * The places where the input is another object, or where something was looked up that has changed; ascending.
   * @param changes since these results held. Null: nobody knows
   * @returns null: others came or went, or nobody knows
   */
  stale(inputs: readonly I[], changes: Changes | null): readonly number[] | null {
    if (changes === null || inputs.length !== this.inputs.length) return null;
    this.#readers ??= new Readers(this.list);
    const places = new Set<number>();
    for (const [kind, keys] of changes)
      for (const key of keys) for (const place of this.#readers.of(kind, key)) places.add(place);
    if (inputs !== this.inputs) {
      for (const [place, input] of inputs.entries()) if (input !== this.inputs[place]) places.add(place);
    }
    return [...places].sort((a, b) => a - b);
  }

  /** With others at some places. These results may be asked for what is stale still, but that is looked up anew. */
  with(inputs: readonly I[], changed: readonly (readonly [place: number, result: R])[]): Results<I, R> {
    if (changed.length === 0 && inputs === this.inputs) return this;
    const list = [...this.list];
    const readers = this.#readers;
    this.#readers = null;
    for (const [place, result] of changed) {
      const before = list[place];
      if (before !== undefined) readers?.remove(before.reads, place);
      readers?.add(result.reads, place);
      list[place] = result;
    }
    return new Results(inputs, list, readers);
  }
}

/** Of each list that was looked up, the places of those who did. */
class Readers {
  readonly #places = new Map<Kind, Map<string, number[]>>();

  constructor(results: readonly { readonly reads: Reads }[]) {
    for (const [place, { reads }] of results.entries()) this.add(reads, place);
  }

  of(kind: Kind, key: string): readonly number[] {
    return this.#places.get(kind)?.get(key) ?? [];
  }

  add(reads: Reads, place: number): void {
    for (const [kind, lists] of reads) {
      const byKey = this.#places.get(kind) ?? new Map<string, number[]>();
      this.#places.set(kind, byKey);
      for (const key of lists.keys()) {
        const places = byKey.get(key);
        if (places === undefined) byKey.set(key, [place]);
        else places.push(place);
      }
    }
  }

  remove(reads: Reads, place: number): void {
    for (const [kind, lists] of reads) {
      const byKey = this.#places.get(kind);
      for (const key of lists.keys()) {
        const places = byKey?.get(key) ?? [];
        const at = places.indexOf(place);
        if (at >= 0) places.splice(at, 1);
        if (places.length === 0) byKey?.delete(key);
      }
    }
  }
}
