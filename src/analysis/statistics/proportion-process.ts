import type { Bet } from './bet.ts';
import { logEVariable, type Rates, type Table } from './two-proportions.ts';
import { Wealth } from './wealth.ts';

/** How many times the odds of the null hypothesis's end the bettors expect. */
const ODDS = [1.15, 1.4, 1.8, 2.5, 4, 8, 20] as const;
/** Rates of 0 and 1 are never expected: they would lose everything at the first exception. */
const LEAST_RATE = 1e-5;
/** What was seen before the first block: so many requests of the expected rate. */
const PRIOR_REQUESTS = 20;
/** How many events, and requests, an estimate remembers: enough to know the rate, few enough to follow a busy hour. */
const REMEMBERED_EVENTS = 50;
const REMEMBERED_REQUESTS = 20_000;

export interface ProportionHypothesis {
  /** Where the null hypothesis ends, as candidate's rate - baseline's rate: a higher one is worse. */
  readonly difference: number;
  /** The rate that is expected before anything was seen. */
  readonly expected: number;
}

/**
 * The e-process of two streams of yes and no in blocks, each of which may have rates of its own: evidence against
 * "candidate's rate - baseline's rate <= difference in every block", or ">=". What the bettors expect of a block is taken
 * from the blocks before it: the baseline's rate as it was, the candidate's at some odds from the null hypothesis's end or
 * as it was.
 */
export class ProportionProcess {
  readonly wealth: Wealth;
  readonly #difference: number;
  readonly #worse: boolean;
  readonly #baseline: Rate;
  readonly #candidate: Rate;
  readonly #factors = new Float64Array(ODDS.length + 1);
  readonly #alternative: Rates = { baseline: 0, candidate: 0 };

  constructor(hypothesis: ProportionHypothesis, bet: Bet) {
    this.#difference = hypothesis.difference;
    this.#worse = bet.evidenceOf === 'worse';
    this.wealth = new Wealth(ODDS.length + 1, bet);
    this.#baseline = new Rate(hypothesis.expected);
    this.#candidate = new Rate(hypothesis.expected);
  }

  add(table: Table): void {
    if (table.baseline > 0 && table.candidate > 0) this.#bet(table);
    this.#baseline.add(table.baseline, table.baselineEvents);
    this.#candidate.add(table.candidate, table.candidateEvents);
  }

  #bet(table: Table): void {
    const difference = this.#difference;
    const baseline = bounded(this.#baseline.value);
    const line = baseline + difference;
    // A line outside the scale begins at its end, in the baseline's order of magnitude.
    const end = odds(Math.min(Math.max(line, baseline / 100), (99 + baseline) / 100));
    this.#alternative.baseline = baseline;
    for (let i = 0; i <= ODDS.length; i++) {
      const candidate = bounded(this.#expected(i, end));
      this.#alternative.candidate = candidate;
      const outside = this.#worse ? candidate > line : candidate < line;
      this.#factors[i] = outside ? logEVariable(table, this.#alternative, difference) : 0;
    }
    this.wealth.multiply(this.#factors);
  }

  /** The candidate's rate that a bettor expects; the last one goes by what it was of late. */
  #expected(bettor: number, end: number): number {
    const times = ODDS[bettor];
    if (times !== undefined) return rateOfOdds(this.#worse ? end * times : end / times);
    // Whoever bets on its being better goes on doing so when it turns bad: a pass that stands still then is no longer true.
    return this.#worse ? this.#candidate.value : Math.min(this.#candidate.value, rateOfOdds(end / ODDS[0]));
  }
}

/** What a version's rate was of late. */
class Rate {
  #requests = PRIOR_REQUESTS;
  #events: number;

  constructor(expected: number) {
    this.#events = expected * PRIOR_REQUESTS;
  }

  get value(): number {
    return this.#events / this.#requests;
  }

  add(requests: number, events: number): void {
    this.#requests += requests;
    this.#events += events;
    const kept = Math.min(1, REMEMBERED_EVENTS / this.#events, REMEMBERED_REQUESTS / this.#requests);
    this.#requests *= kept;
    this.#events *= kept;
  }
}

function bounded(rate: number): number {
  return Math.min(1 - LEAST_RATE, Math.max(LEAST_RATE, rate));
}

function odds(rate: number): number {
  return rate / (1 - rate);
}

function rateOfOdds(value: number): number {
  return value / (1 + value);
}
