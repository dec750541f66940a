import { BINS_PER_DOUBLING } from '../../telemetry/duration-bins.ts';
import { lastRejected } from './bound.ts';

/*
 * "So many times slower" is a shift by so many bins of the histogram, each of which is 1.1 % longer than the one before: no
 * duration is taken for another than its bin.
 */

/** The interval's widest bounds: 16 times as fast, and as slow. */
const WIDEST = 4 * BINS_PER_DOUBLING;
/** For roundings of a margin that is a whole number of bins. */
const ROUNDING = 1e-9;

/** The shift that is at least the margin, by less than 1.1 %: nobody fails for being within the margin. */
export function shiftAbove(margin: number): number {
  return Math.ceil(BINS_PER_DOUBLING * Math.log2(1 + margin) - ROUNDING);
}

/** The shift that is at most the margin: nobody passes for being beyond it. */
export function shiftBelow(margin: number): number {
  return Math.floor(BINS_PER_DOUBLING * Math.log2(1 + margin) + ROUNDING);
}

/** The relative change that a shift is, also of a part of a bin: 0.2 is 20 % slower. */
export function changeOf(shift: number): number {
  return 2 ** (shift / BINS_PER_DOUBLING) - 1;
}

/** All changes that are not rejected. @param slower, faster whether the data reject "the candidate is at most", "at least so much slower" */
export function changeInterval(
  slower: (shift: number) => boolean,
  faster: (shift: number) => boolean,
): readonly [number, number] {
  const points = 2 * WIDEST + 1;
  const lower = lastRejected(points, (index) => slower(index - WIDEST));
  const upper = lastRejected(points, (index) => faster(WIDEST - index));
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
