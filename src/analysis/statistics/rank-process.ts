import type { Bet } from './bet.ts';
import type { RankSum } from './rank-sum.ts';
import { Wealth } from './wealth.ts';

/** By how much the bettors expect P(candidate slower) to differ from one half. */
const EXCESSES = [0.02, 0.05, 0.1, 0.2, 0.35] as const;
/** What the expectation that goes by the past remembers, as the harmonic size of the blocks; the prior says one half. */
const REMEMBERED = 2000;
const PRIOR = 50;

/**
 * The e-process of the Mann-Whitney test in blocks, against "in every block the candidate is stochastically not slower", or
 * not faster.
 *
 * Where both versions have the same distribution, every division of a block's ranks is as likely as any other, and
 * E exp(t (U - n m / 2)) is the product over i = 1..n of [sinh(t (m + i) / 2) / (m + i)] / [sinh(t i / 2) / i] (Mann and
 * Whitney, 1947: the Gaussian binomial coefficient). As ln(sinh(x / 2) / (x / 2)) - x^2 / 24 falls in x, this is at most
 * exp(t^2 n m (n + m + 1) / 24): U has the tails of a normal variable of its own variance, for every n and m. So
 * exp(t (U - n m / 2) - t^2 n m (n + m + 1) / 24) is an e-variable for a t chosen before the block. Ties only make it
 * smaller in the mean: U with ties as half is the mean of U over all ways to break them (Jensen). A candidate that is
 * faster makes every U smaller, with the same bound. The latter may change from block to block, which is what lets both
 * versions be slow in a busy hour.
 */
export class RankProcess {
  readonly wealth: Wealth;
  readonly #slower: boolean;
  readonly #factors = new Float64Array(EXCESSES.length + 1);
  #excess = 0;
  #size = PRIOR;

  constructor(bet: Bet) {
    this.#slower = bet.evidenceOf === 'worse';
    this.wealth = new Wealth(EXCESSES.length + 1, bet);
  }

  add({ u, candidate, baseline }: RankSum): void {
    const pairs = candidate * baseline;
    if (pairs === 0) return;
    const all = candidate + baseline + 1;
    for (let i = 0; i <= EXCESSES.length; i++) {
      const t = (12 * this.#expected(i)) / all;
      this.#factors[i] = t * (u - pairs / 2) - (t * t * pairs * all) / 24;
    }
    this.wealth.multiply(this.#factors);
    const size = pairs / all;
    this.#excess += size * (u / pairs - 0.5);
    this.#size += size;
    const kept = Math.min(1, REMEMBERED / this.#size);
    this.#excess *= kept;
    this.#size *= kept;
  }

  #expected(bettor: number): number {
    const excess = EXCESSES[bettor];
    if (excess !== undefined) return this.#slower ? excess : -excess;
    const past = this.#excess / this.#size;
    // As with proportions: a pass that stands still when the candidate turns bad would no longer be true.
    return this.#slower ? Math.max(0, past) : Math.min(-EXCESSES[0], past);
  }
}
