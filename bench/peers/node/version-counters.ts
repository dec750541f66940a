/** Upper bounds of the buckets, milliseconds. */
const BOUNDS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** What one version did: requests by class of status, and a histogram of how long they took. Counting makes no object. */
export class VersionCounters {
  readonly #classes = new Float64Array(6);
  readonly #buckets = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  /** @param duration milliseconds */
  count(status: number, duration: number): void {
    const of = Math.trunc(status / 100);
    this.#classes[of] = (this.#classes[of] ?? 0) + 1;
    let bucket = 0;
    while (bucket < BOUNDS.length && duration > (BOUNDS[bucket] ?? 0)) bucket += 1;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#sum += duration;
  }

  /** In the text format of Prometheus. */
  exposition(version: string): string {
    const requests = [...this.#classes].flatMap((count, of) =>
      count === 0 ? [] : [`requests_total{version="${version}",code="${of}xx"} ${count}`],
    );
    let total = 0;
    const buckets = [...this.#buckets].map((count, index) => {
      total += count;
      return `duration_seconds_bucket{version="${version}",le="${(BOUNDS[index] ?? Infinity) / 1_000}"} ${total}`;
    });
    return [
      ...requests,
      ...buckets.map((line) => line.replace('"Infinity"', '"+Inf"')),
      `duration_seconds_sum{version="${version}"} ${this.#sum / 1_000}`,
      `duration_seconds_count{version="${version}"} ${total}`,
      '',
    ].join('\n');
  }
}
