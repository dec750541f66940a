/** Counts of successes, both ends included. */
export interface Acceptance {
  readonly low: number;
  readonly high: number;
}

/**
 * The two-sided acceptance region of Binomial(n, p): the counts k with P(X <= k) > alpha / 2 and P(X >= k) > alpha / 2.
 * They are exactly those whose Clopper-Pearson interval of confidence 1 - alpha contains p. With p of 0 or 1 the count is
 * certain. The tails are summed term by term from their far ends, in logarithms, so that none of them underflows.
 */
export function acceptance(n: number, p: number, alpha: number): Acceptance {
  if (!(Number.isInteger(n) && n >= 0 && p >= 0 && p <= 1 && alpha > 0 && alpha < 1)) {
    throw new RangeError(`n ${n}, p ${p}, alpha ${alpha}`);
  }
  if (p === 0) return { low: 0, high: 0 };
  if (p === 1) return { low: n, high: n };
  return { low: lowest(n, p, alpha / 2), high: n - lowest(n, 1 - p, alpha / 2) };
}

/** The smallest k with P(X <= k) > tail. */
function lowest(n: number, p: number, tail: number): number {
  const odds = Math.log(p) - Math.log1p(-p);
  let log = n * Math.log1p(-p);
  let sum = Math.exp(log);
  let k = 0;
  while (sum <= tail && k < n) {
    log += Math.log((n - k) / (k + 1)) + odds;
    k += 1;
    sum += Math.exp(log);
  }
  return k;
}
