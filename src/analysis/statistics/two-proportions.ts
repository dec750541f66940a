/** A point of the alternative or of the null hypothesis: the two versions' rates, 0 to 1. */
export interface Rates {
  baseline: number;
  candidate: number;
}

/** A block as a 2x2 table. */
export interface Table {
  readonly candidate: number;
  readonly candidateEvents: number;
  readonly baseline: number;
  readonly baselineEvents: number;
}

/** How near the slope of the divergence comes to 0, per request. */
const PRECISION = 1e-12;
const MAX_STEPS = 60;

/**
 * The baseline's rate at the point of the line `candidate = baseline + difference` that has the least Kullback-Leibler
 * divergence n_b KL(b*, b) + n_c KL(c*, c) from an alternative. Rates of both strictly between 0 and 1, -1 < difference < 1,
 * both numbers of requests above 0. The divergence is convex: Newton's method on its derivative, kept between bounds.
 */
export function projection(alternative: Rates, baseline: number, candidate: number, difference: number): number {
  const { baseline: b, candidate: c } = alternative;
  const all = baseline + candidate;
  let low = Math.max(0, -difference);
  let high = Math.min(1, 1 - difference);
  let x = (baseline * b + candidate * (c - difference)) / all;
  // Exact: no bisection can be better.
  if (difference === 0) return x;
  if (!(x > low && x < high)) x = (low + high) / 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    const y = x + difference;
    const slope = baseline * ((1 - b) / (1 - x) - b / x) + candidate * ((1 - c) / (1 - y) - c / y);
    if (Math.abs(slope) <= PRECISION * all) break;
    if (slope > 0) high = x;
    else low = x;
    const curve =
      baseline * ((1 - b) / ((1 - x) * (1 - x)) + b / (x * x)) +
      candidate * ((1 - c) / ((1 - y) * (1 - y)) + c / (y * y));
    const next = x - slope / curve;
    const bounded = next > low && next < high ? next : (low + high) / 2;
    if (bounded === x) break;
    x = bounded;
  }
  return x;
}

/**
 * The natural logarithm of an e-variable against the null hypothesis "candidate's rate - baseline's rate <= difference", or
 * ">=" where the alternative lies on the other side of the line: the likelihood of the table under the alternative over
 * that under its projection (Turner, Ly and Gruenwald, Generic E-variables for exact sequential k-sample tests that allow
 * for optional stopping, 2024; for this null Turner and Gruenwald, Exact anytime-valid confidence intervals for contingency
 * tables and beyond, 2023).
 *
 * Why its mean is at most 1, whatever the rates in the null hypothesis: it is A^n_b B^n_c with A and B the means of one
 * request's ratio, and log(A^n_b B^n_c) <= n_b (A - 1) + n_c (B - 1), which is minus the slope of the divergence at the
 * projection towards those rates, hence not above 0, as the null hypothesis is convex. A and B are linear in the rates, so
 * a rate that changes within the block counts with its mean. The numbers of requests are taken as given.
 *
 * @returns 0 for an alternative on the line or in the null hypothesis, or where one version had no request
 */
export function logEVariable(table: Table, alternative: Rates, difference: number): number {
  const { baseline, baselineEvents, candidate, candidateEvents } = table;
  if (baseline === 0 || candidate === 0) return 0;
  const b = projection(alternative, baseline, candidate, difference);
  return (
    logRatio(baseline, baselineEvents, alternative.baseline, b) +
    logRatio(candidate, candidateEvents, alternative.candidate, b + difference)
  );
}

function logRatio(requests: number, events: number, rate: number, nullRate: number): number {
  return events * Math.log(rate / nullRate) + (requests - events) * Math.log((1 - rate) / (1 - nullRate));
}
