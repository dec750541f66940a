import type { Bet } from './bet.ts';

/** The natural logarithm of the largest e-value that is told: what is beyond would be no number in JSON. */
const LARGEST = 690;

/**
 * The capital of a gambler who bets against a null hypothesis: an e-process. Several bettors, each of whose factors is an
 * e-variable given the past, share it with cash, which bets nothing. Before each block a share of everything is dealt out
 * anew as at the start ("fixed share", Herbster and Warmuth, Tracking the best expert, 1998). So what a long good time has
 * lost is never all: a version that turns bad late is found about as fast as one that was bad from the start. Every such
 * mixture of e-variables is one again, as the dealing depends on the past alone (Vovk and Wang, E-values, 2021).
 */
export class Wealth {
  /** Natural logarithm of the capital; it began with 0. */
  log = 0;
  /** The largest value of `log` so far. */
  highest = 0;
  readonly #share: number;
  readonly #limit: number;
  readonly #stakes: Float64Array;
  #cash = CASH;
  #blocks = 0;

  /** What is given away, too, leaves an e-process one. */
  constructor(bettors: number, { share, limit }: Bet) {
    this.#share = share;
    this.#limit = limit;
    this.#stakes = new Float64Array(bettors).fill((1 - CASH) / bettors);
  }

  /** @param factors natural logarithms of what each bettor's unit has become in this block */
  multiply(factors: Float64Array): void {
    const stakes = this.#stakes;
    const { length } = stakes;
    // Relative to the best factor, so that a block of ten thousand failures is no infinity.
    let best = 0;
    for (let i = 0; i < length; i++) best = Math.max(best, factors[i] ?? 0);
    this.#cash *= Math.exp(-best);
    let total = this.#cash;
    for (let i = 0; i < length; i++) {
      const stake = (stakes[i] ?? 0) * Math.exp((factors[i] ?? 0) - best);
      stakes[i] = stake;
      total += stake;
    }
    this.log = Math.min(this.#limit, this.log + best + Math.log(total));
    this.highest = Math.max(this.highest, this.log);

    this.#blocks += 1;
    // Later less, so that what all dealing costs grows with the logarithm of the blocks' number: replicas have many.
    const share = Math.min(this.#share, 1 / this.#blocks);
    const kept = (1 - share) / total;
    const dealt = (share * (1 - CASH)) / length;
    for (let i = 0; i < length; i++) stakes[i] = (stakes[i] ?? 0) * kept + dealt;
    this.#cash = this.#cash * kept + share * CASH;
  }
}

/** What part of the capital is held back at the start: it costs a factor of two and bounds every loss. */
const CASH = 0.5;

/** An e-value of its natural logarithm. */
export function eValue(log: number): number {
  return Math.exp(Math.min(LARGEST, log));
}
