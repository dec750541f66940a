/** Durations by bin of `telemetry/duration-bins.ts`: sparse, bins ascending, each at most once. */
export interface Durations {
  readonly bins: readonly number[];
  readonly counts: readonly number[];
}

/** What one version did in one stretch of time. */
export interface Sample {
  readonly attempts: number;
  /** Those of the attempts that did not end `ok`. */
  readonly failures: number;
  /** Of the requests that it answered: their number need not be that of the attempts. */
  readonly durations: Durations;
}

/**
 * What two versions did in the same stretch of time. The statistics hold only while a block's bounds do not depend on how
 * its requests ended: they are fixed in advance.
 */
export interface Block {
  readonly candidate: Sample;
  readonly baseline: Sample;
}
