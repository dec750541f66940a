import { type Bet, intervalBet, verdictBet } from './bet.ts';
import type { Block } from './block.ts';
import { lastRejected } from './bound.ts';
import type { Evidence } from './evidence.ts';
import { Gathering } from './gather.ts';
import { ProportionProcess } from './proportion-process.ts';
import type { Table } from './two-proportions.ts';
import { type TwoProportionsZ, twoProportionsZ } from './two-proportions-z.ts';
import { eValue, type Wealth } from './wealth.ts';

/** Before anything was seen. */
const EXPECTED_RATE = 0.01;
/** Fewer requests of a version do not make a block: each costs the same to judge. */
const LEAST_REQUESTS = 4;
/** The interval's grid of differences: 5 % apart from 0.01 points up to 100, and the same below 0. */
const GRID = differences();

export interface ErrorRateQuestion {
  /** By how much the candidate's failure rate may be above the baseline's: 0.01 is one point. */
  readonly margin: number;
  readonly alpha: number;
}

export interface ErrorRateEvidence extends Evidence {
  /** What the classical test says of all attempts together, for one who looks once, and for no margin. */
  readonly fixedSample: TwoProportionsZ | null;
}

/** The e-process behind `judgeErrorRate`, block by block. */
export class ErrorRateTest {
  readonly #gathering = gathering();
  readonly #process: ProportionProcess;

  constructor(margin: number, bet: Bet) {
    this.#process = processOf(margin, bet);
  }

  get wealth(): Wealth {
    return this.#process.wealth;
  }

  add(block: Block): void {
    const gathered = this.#gathering.add(block);
    if (gathered !== null) this.#process.add(tableOf(gathered));
  }
}

/**
 * Compares the shares of attempts that failed.
 * @param blocks in the order of their ends
 */
export function judgeErrorRate(blocks: readonly Block[], { margin, alpha }: ErrorRateQuestion): ErrorRateEvidence {
  const worse = new ErrorRateTest(margin, verdictBet('worse', alpha));
  const better = new ErrorRateTest(margin, verdictBet('better', alpha));
  for (const block of blocks) {
    worse.add(block);
    better.add(block);
  }
  const tables = gathering().all(blocks).map(tableOf);
  const all = total(tables);
  return {
    estimate: rateDifference(tables),
    interval: interval(tables, alpha),
    worse: eValue(worse.wealth.highest),
    notWorse: eValue(better.wealth.log),
    compared: { candidate: all.candidate, baseline: all.baseline },
    fixedSample: twoProportionsZ(all, alpha),
  };
}

function gathering(): Gathering {
  return new Gathering(
    ({ candidate, baseline }) => candidate.attempts >= LEAST_REQUESTS && baseline.attempts >= LEAST_REQUESTS,
  );
}

function processOf(difference: number, bet: Bet): ProportionProcess {
  return new ProportionProcess({ difference, expected: EXPECTED_RATE }, bet);
}

function tableOf({ candidate, baseline }: Block): Table {
  return {
    candidate: candidate.attempts,
    candidateEvents: candidate.failures,
    baseline: baseline.attempts,
    baselineEvents: baseline.failures,
  };
}

/** All differences that are not rejected at alpha/2 from below or above. Where the difference changes, it is about its mean. */
function interval(tables: readonly Table[], alpha: number): readonly [number, number] {
  const threshold = Math.log(2 / alpha);
  const rejected = (difference: number, evidenceOf: Bet['evidenceOf']) => {
    const process = processOf(difference, intervalBet(evidenceOf));
    for (const table of tables) process.add(table);
    return process.wealth.log >= threshold;
  };
  const last = GRID.length - 1;
  const lower = lastRejected(GRID.length, (index) => rejected(GRID[index] ?? 0, 'worse'));
  const upper = lastRejected(GRID.length, (index) => rejected(GRID[last - index] ?? 0, 'better'));
  return [GRID[lower] ?? -1, GRID[last - upper] ?? 1];
}

/** All blocks as one. */
export function total(tables: readonly Table[]): Table {
  const sum = { candidate: 0, candidateEvents: 0, baseline: 0, baselineEvents: 0 };
  for (const table of tables) {
    sum.candidate += table.candidate;
    sum.candidateEvents += table.candidateEvents;
    sum.baseline += table.baseline;
    sum.baselineEvents += table.baselineEvents;
  }
  return sum;
}

/** The Mantel-Haenszel risk difference: the blocks' differences, weighted by what each can tell; null of nothing. */
export function rateDifference(tables: readonly Table[]): number | null {
  let sum = 0;
  let weights = 0;
  for (const { candidate, candidateEvents, baseline, baselineEvents } of tables) {
    const all = candidate + baseline;
    sum += (candidateEvents * baseline - baselineEvents * candidate) / all;
    weights += (candidate * baseline) / all;
  }
  return weights > 0 ? sum / weights : null;
}

function differences(): readonly number[] {
  const positive: number[] = [];
  for (let difference = 1e-4; difference < 1; difference *= 1.05) positive.push(difference);
  return [...positive.map((difference) => -difference).toReversed(), 0, ...positive];
}
