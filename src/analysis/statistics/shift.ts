import { BINS_PER_DOUBLING } from '../../telemetry/duration-bins.ts';
import type { Bet } from './bet.ts';
import { lastRejected } from './bound.ts';

/*
 * "So many times slower" is a shift by so many bins of the histogram, each of which is 1.1 % longer than the one before: no
 * duration is taken for another than its bin.
 */

/** The interval's widest bounds: 16 times as fast, and as slow. */
const WIDEST = 4 * BINS_PER_DOUBLING;
/** For roundings of a margin that is a whole number of bins. */
const ROUNDING = 1e-9;

/**
 * The shift that a margin is: at least the margin where the candidate may fail, so that nobody does for being within it, at
 * most the margin where it may pass; by less than 1.1 %.
 */
export function marginShift(margin: number, { evidenceOf }: Pick<Bet, 'evidenceOf'>): number {
  const shift = BINS_PER_DOUBLING * Math.log2(1 + margin);
  return evidenceOf === 'worse' ? Math.ceil(shift - ROUNDING) : Math.floor(shift + ROUNDING);
}

/** The relative change that a shift is, also of a part of a bin: 0.2 is 20 % slower. */
function changeOf(shift: number): number {
  return 2 ** (shift / BINS_PER_DOUBLING) - 1;
}

/**
 * All changes that are not rejected.
 * @param rejected whether there is enough evidence that the candidate is worse, or better, than so much of a change
 */
export function changeInterval(
  rejected: (shift: number, evidenceOf: Bet['evidenceOf']) => boolean,
): readonly [number, number] {
  const points = 2 * WIDEST + 1;
  const lower = lastRejected(points, (index) => rejected(index - WIDEST, 'worse'));
  const upper = lastRejected(points, (index) => rejected(WIDEST - index, 'better'));
  return [lower < 0 ? -1 : changeOf(lower - WIDEST), upper < 0 ? Number.POSITIVE_INFINITY : changeOf(WIDEST - upper)];
}

/**
 * The change at which a measure of the candidate's slowness, which falls as the candidate is shifted, comes to 0;
 * interpolated within the bin.
 * @returns null where it never does
 */
export function changeWhere(slowness: (shift: number) => number): number | null {
  const points = 2 * WIDEST + 1;
  const last = lastRejected(points, (index) => slowness(index - WIDEST) > 0);
  if (last < 0 || last === points - 1) return null;
  const before = slowness(last - WIDEST);
  const after = slowness(last + 1 - WIDEST);
  return changeOf(last - WIDEST + before / (before - after));
}
