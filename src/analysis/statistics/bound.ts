/**
 * The bound of a confidence sequence by inverting a family of tests: of the grid's points, in the order in which they go
 * from certainly wrong to plausible, the last of those that are rejected. As a point that is rejected implies that all
 * before it are (up to what the bets differ), bisection finds it.
 *
 * @param points how many points the grid has
 * @returns the index of the last rejected point, -1 when none is
 */
export function lastRejected(points: number, rejected: (index: number) => boolean): number {
  let low = -1;
  let high = points;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rejected(middle)) low = middle;
    else high = middle;
  }
  return low;
}
