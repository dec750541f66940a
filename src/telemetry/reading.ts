import { type Counted, sumRange, sums } from './blocks.ts';
import { DURATION_BIN_COUNT, durationBinBound } from './duration-bins.ts';
import { ATTEMPT_BASE, ATTEMPT_OUTCOMES, DURATION_BINS } from './layout.ts';

/** How many attempts at a version have ended. */
export interface Attempts {
  readonly attempts: number;
  /** Those that did not end `ok`. */
  readonly failures: number;
}

/** What was counted of one version up to now, over all workers. Every number only grows while the series is kept. */
export interface Reading extends Attempts {
  /** Durations of the requests charged to it, 499 included. DURATION_BIN_COUNT bins: see `duration-bins.ts`. The reader's own. */
  readonly bins: Float64Array;
}

const OK = ATTEMPT_OUTCOMES.indexOf('ok');
const outcomes = new Float64Array(ATTEMPT_OUTCOMES.length);

/** Attempts of whatever outcome. */
export function countAttempts(counted: Counted<unknown>): number {
  return sumRange(counted, ATTEMPT_BASE, ATTEMPT_OUTCOMES.length);
}

/** Each slot is read once: as workers write meanwhile, there would now and then be fewer attempts than good ones. */
export function readAttempts(counted: Counted<unknown>): Attempts {
  sums(counted, ATTEMPT_BASE, outcomes);
  let failures = 0;
  for (let outcome = 0; outcome < outcomes.length; outcome++) if (outcome !== OK) failures += outcomes[outcome] ?? 0;
  return { attempts: failures + (outcomes[OK] ?? 0), failures };
}

/**
 * Sums the workers' blocks of one series. They write meanwhile, so the numbers of one reading may be apart by what was
 * being counted at that moment; the next reading has it.
 */
export function readCounts(counted: Counted<unknown>): Reading {
  const bins = new Float64Array(DURATION_BIN_COUNT);
  sums(counted, DURATION_BINS, bins);
  return { ...readAttempts(counted), bins };
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
