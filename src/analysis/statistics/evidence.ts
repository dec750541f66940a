/**
 * What a judge says of one metric. `estimate`, `interval` and the margin that the judge was given are in the same unit: a
 * difference of failure rates (0.01 is one point), or for latency a relative change (0.2 is 20 % slower).
 */
export interface Evidence {
  /** How much worse the candidate was, over all blocks; null while nothing can be said. */
  readonly estimate: number | null;
  /**
   * A confidence sequence: over the whole life of the comparison, however often it is asked for, the chance that it ever
   * misses a difference that stays the same is at most alpha. Where nothing bounds it, the end of the scale: -1, and 1 for
   * rates, Infinity for latency.
   */
  readonly interval: readonly [number, number];
  /**
   * The largest e-value so far against "at most the margin worse, in every block". At least 1/alpha: the candidate fails.
   * The chance that this ever happens to a candidate that is not worse is at most alpha (Ville's inequality).
   */
  readonly worse: number;
  /**
   * The e-value now against "worse by the margin or more, in every block". At least 1/alpha: the candidate passes. It can
   * fall again: it is kept below 20/alpha, so that a long good time does not outvote a bad one that follows.
   */
  readonly notWorse: number;
  /** How many attempts or durations were compared, in blocks in which both versions had some. */
  readonly compared: { readonly candidate: number; readonly baseline: number };
}
