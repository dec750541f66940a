import { type Counted, sum, sums } from './blocks.ts';
import { DURATION_BIN_COUNT, durationBinBound } from './duration-bins.ts';
import { ATTEMPT_BASE, ATTEMPT_OUTCOMES, type AttemptOutcome, DURATION_BINS } from './layout.ts';

/** What was counted of one version up to now, over all workers. Every number only grows while the series is kept. */
export interface Reading {
  /** Attempts at the version by how they ended. */
  readonly outcomes: Readonly<Record<AttemptOutcome, number>>;
  /** Attempts in all. */
  readonly attempts: number;
  /** Those that did not end `ok`. */
  readonly failures: number;
  /** Requests that were charged to it, 499 included. */
  readonly requests: number;
  /** Their durations, DURATION_BIN_COUNT bins: see `duration-bins.ts`. The reader's own. */
  readonly bins: Float64Array;
}

/**
 * Sums the workers' blocks of one series. They write meanwhile, so the numbers of one reading may be apart by what was
 * being counted at that moment; the next reading has it.
 */
export function readCounts(counted: Counted<unknown>): Reading {
  const outcomes: Record<AttemptOutcome, number> = {
    ok: 0,
    error: 0,
    connect_failed: 0,
    timeout: 0,
    reset: 0,
    refused: 0,
  };
  let attempts = 0;
  for (const [index, outcome] of ATTEMPT_OUTCOMES.entries()) {
    outcomes[outcome] = sum(counted, ATTEMPT_BASE + index);
    attempts += outcomes[outcome];
  }
  const bins = new Float64Array(DURATION_BIN_COUNT);
  sums(counted, DURATION_BINS, bins);
  // Each has its duration: to add up the statuses would take half as long again.
  let requests = 0;
  for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) requests += bins[bin] ?? 0;
  return { outcomes, attempts, failures: attempts - outcomes.ok, requests, bins };
}

/**
 * The smallest duration that a share of `q` does not exceed, interpolated linearly within its bin, so that it is known to 1.1 %.
 * @param bins DURATION_BIN_COUNT counts, or differences of two readings'
 * @param q 0 to 1
 * @returns seconds; NaN without data; 64, the last bound, for what is longer
 */
export function binQuantile(bins: Float64Array, q: number): number {
  let total = 0;
  for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) total += bins[bin] ?? 0;
  const rank = q * total;
  let below = 0;
  for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) {
    const count = bins[bin] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = bin === 0 ? 0 : durationBinBound(bin - 1);
      const upper = durationBinBound(bin);
      return Number.isFinite(upper) ? lower + ((upper - lower) * (rank - below)) / count : lower;
    }
    below += count;
  }
  return Number.NaN;
}
