/** Places for pairs of branches that followed each other: a power of two, sparse for a codec of some hundred branches. */
const PAIRS = 1 << 14;

/** What of the instrumented code one input has run through, and what all have. */
export class BranchMap {
  /** Different pairs of branches that were seen in a row, times how often they were: what a new input must add to. */
  features = 0;
  /** Different sides of branches. */
  branches = 0;
  readonly #hits = new Uint8Array(PAIRS);
  readonly #touched: number[] = [];
  /** For each pair, a bit for each class of how often. */
  readonly #seen = new Uint8Array(PAIRS);
  readonly #sides = new Set<number>();
  #last = 0;

  /** Notes which way branch `id` goes, and goes the same way: it stands around conditions. */
  readonly branch = <T>(id: number, condition: T): T => {
    const side = id * 2 + (condition ? 1 : 0);
    // AFL's trick: the last branch, shifted so that A after B is not B after A.
    const pair = (Math.imul(side, 0x9e3779b1) >>> 18) ^ this.#last;
    this.#last = (Math.imul(side, 0x9e3779b1) >>> 19) & (PAIRS - 1);
    const hits = this.#hits[pair] ?? 0;
    if (hits === 0) {
      this.#touched.push(pair);
      this.#sides.add(side);
    }
    if (hits < 255) this.#hits[pair] = hits + 1;
    return condition;
  };

  /** Forgets the last input. */
  begin(): void {
    for (const pair of this.#touched) this.#hits[pair] = 0;
    this.#touched.length = 0;
    this.#last = 0;
  }

  /** Whether the input since `begin` did what none did before; takes it in. */
  added(): boolean {
    const before = this.features;
    for (const pair of this.#touched) {
      const bit = 1 << classOf(this.#hits[pair] ?? 0);
      const seen = this.#seen[pair] ?? 0;
      if ((seen & bit) !== 0) continue;
      this.#seen[pair] = seen | bit;
      this.features += 1;
    }
    this.branches = this.#sides.size;
    return this.features > before;
  }

  /** The pairs of the input since `begin`, without how often. */
  pairs(): readonly number[] {
    return this.#touched;
  }
}

/** Once, twice, some and many: what is a loop's business counts little. */
function classOf(hits: number): number {
  if (hits < 3) return hits - 1;
  return hits < 16 ? 2 : 3;
}
