type Change<T> = readonly [before: T | undefined, after: T | undefined];

/** More changes than this sort the list anew; fewer are put where they belong. */
const MOST_PLACED = 32;

/**
 * Objects in an order, of which few change at a time: one of 5,000 Pods that changes costs no comparison of the others.
 * No two are equal in that order. An object is told by its identity, and one that went never comes back.
 */
export class SortedList<T extends object> {
  readonly #compare: (a: T, b: T) => number;
  #sorted: readonly T[] = Object.freeze([]);
  #changes: Change<T>[] = [];

  constructor(compare: (a: T, b: T) => number, values: Iterable<T> = []) {
    this.#compare = compare;
    for (const value of values) this.change(undefined, value);
  }

  /** @param before undefined: it has come @param after undefined: it is gone */
  change(before: T | undefined, after: T | undefined): void {
    this.#changes.push([before, after]);
  }

  /** Frozen; the same array until something changes. */
  get values(): readonly T[] {
    if (this.#changes.length > 0) {
      this.#sorted = Object.freeze(this.#changes.length > MOST_PLACED ? this.#sortedAnew() : this.#placed());
      this.#changes = [];
    }
    return this.#sorted;
  }

  #sortedAnew(): T[] {
    const gone = new Set(this.#changes.map(([before]) => before));
    const came = this.#changes.flatMap(([, after]) => after ?? []);
    return [...this.#sorted, ...came].filter((value) => !gone.has(value)).sort(this.#compare);
  }

  #placed(): T[] {
    const values = [...this.#sorted];
    for (const [before, after] of this.#changes) {
      if (before !== undefined) this.#remove(before, values);
      if (after !== undefined) values.splice(this.#placeOf(after, values), 0, after);
    }
    return values;
  }

  #remove(value: T, values: T[]): void {
    const guess = this.#placeOf(value, values);
    const place = values[guess] === value ? guess : values.indexOf(value);
    if (place >= 0) values.splice(place, 1);
  }

  /** Index of the first value that does not come before this one. */
  #placeOf(value: T, values: readonly T[]): number {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = values[middle];
      if (other !== undefined && this.#compare(other, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
