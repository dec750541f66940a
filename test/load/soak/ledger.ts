/** What the clients know of what must have been counted: each request that reached Headgate, exactly once. */
export class Ledger {
  /** Requests whose answer came: so many of each status. */
  readonly certain = new Map<number, number>();
  /** Requests that were aborted or cut: counted once, as one of the statuses of the key. */
  readonly uncertain = new Map<string, number>();
  /** Heads that were never completed, and so never were requests. */
  unfinished = 0;
  /** Visits of each kind. */
  readonly kinds = new Map<string, number>();
  /** Answers that nobody may get. */
  readonly wrong: string[] = [];

  answered(status: number): void {
    increase(this.certain, status);
  }

  aborted(statuses: readonly number[]): void {
    increase(this.uncertain, statuses.join(' '));
  }

  visited(kind: string): void {
    increase(this.kinds, kind);
  }

  get answers(): number {
    return sum(this.certain);
  }

  get aborts(): number {
    return sum(this.uncertain);
  }

  /**
   * Where the ledger and the metrics do not agree; empty: they do.
   * @param counted requests of each status, by the metrics
   */
  differences(counted: ReadonlyMap<number, number>): readonly string[] {
    const differences: string[] = [];
    const total = sum(counted);
    if (total !== this.answers + this.aborts)
      differences.push(`${total} are counted, ${this.answers} were answered and ${this.aborts} aborted`);
    for (const status of new Set([...counted.keys(), ...this.certain.keys()])) {
      const least = this.certain.get(status) ?? 0;
      const most = [...this.uncertain].reduce(
        (most, [statuses, count]) => (statuses.split(' ').includes(String(status)) ? most + count : most),
        least,
      );
      const found = counted.get(status) ?? 0;
      if (found < least || found > most)
        differences.push(`status ${status} is counted ${found} times, and should be ${least} to ${most} times`);
    }
    return differences;
  }
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
