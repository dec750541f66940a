/** How a gambler plays: see Wealth. */
export interface Bet {
  /** What the capital is evidence of: that the candidate is worse than the null hypothesis allows, or better. */
  readonly evidenceOf: 'worse' | 'better';
  /** What part of the capital is dealt out anew with each block, at most. */
  readonly share: number;
  /** Natural logarithm of the capital beyond which it is given away. */
  readonly limit: number;
}

/** Finds a version that turns bad late, and costs one that is bad from the start little. */
const SHARE = 0.005;
/** Just enough that no bettor is ever ruined for good. */
const WHOLE_TIME_SHARE = 1e-6;
/** A pass's capital lasts for a run of bad luck, not for a bad time. */
const PASS_RESERVE = 20;

/** For a verdict: fail or pass. */
export function verdictBet(evidenceOf: Bet['evidenceOf'], alpha: number): Bet {
  const limit = evidenceOf === 'better' ? Math.log(PASS_RESERVE / alpha) : Number.POSITIVE_INFINITY;
  return { evidenceOf, share: SHARE, limit };
}

/** For an interval, which is about the whole time. */
export function intervalBet(evidenceOf: Bet['evidenceOf']): Bet {
  return { evidenceOf, share: WHOLE_TIME_SHARE, limit: Number.POSITIVE_INFINITY };
}
