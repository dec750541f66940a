import type { Block } from './block.ts';
import { lastRejected } from './bound.ts';
import type { Evidence } from './evidence.ts';
import { gather } from './gather.ts';
import { ProportionProcess } from './proportion-process.ts';
import type { Table } from './two-proportions.ts';
import { type TwoProportionsZ, twoProportionsZ } from './two-proportions-z.ts';
import { eValue } from './wealth.ts';

/** Before anything was seen. */
const EXPECTED_RATE = 0.01;
/** Fewer requests of a version do not make a block: each costs the same to judge. */
const LEAST_REQUESTS = 4;
/** How much of the capital is dealt out anew with each block: finds a version that turns bad late. */
export const SHARE = 0.005;
/** For the interval, which is about the whole time: just enough that no bettor is ever ruined for good. */
export const INTERVAL_SHARE = 1e-6;
/** The interval's grid of differences: 5 % apart from 0.01 points up to 100, and the same below 0. */
const GRID = differences();

/** Beyond it the capital of a pass is given away: it lasts for a run of bad luck, not for a bad time. */
export function passLimit(alpha: number): number {
  return Math.log(20 / alpha);
}

export interface ErrorRateQuestion {
  /** By how much the candidate's failure rate may be above the baseline's: 0.01 is one point. */
  readonly margin: number;
  readonly alpha: number;
}

export interface ErrorRateEvidence extends Evidence {
  /** What the classical test says of all attempts together, for one who looks once, and for no margin. */
  readonly fixedSample: TwoProportionsZ | null;
}

/**
 * Compares the shares of attempts that failed.
 * @param blocks in the order of their ends
 */
export function judgeErrorRate(blocks: readonly Block[], { margin, alpha }: ErrorRateQuestion): ErrorRateEvidence {
  const tables = gather(blocks, enough).map(tableOf);
  const worse = process(tables, { difference: margin, evidenceOf: 'more', share: SHARE });
  const notWorse = process(tables, {
    difference: margin,
    evidenceOf: 'less',
    share: SHARE,
    limit: passLimit(alpha),
  });
  const all = total(tables);
  return {
    estimate: rateDifference(tables),
    interval: interval(tables, alpha),
    worse: eValue(worse.wealth.highest),
    notWorse: eValue(notWorse.wealth.log),
    compared: { candidate: all.candidate, baseline: all.baseline },
    fixedSample: twoProportionsZ(all, alpha),
  };
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

function enough({ candidate, baseline }: Block): boolean {
  return candidate.attempts >= LEAST_REQUESTS && baseline.attempts >= LEAST_REQUESTS;
}

function tableOf({ candidate, baseline }: Block): Table {
  return {
    candidate: candidate.attempts,
    candidateEvents: candidate.failures,
    baseline: baseline.attempts,
    baselineEvents: baseline.failures,
  };
}

type Bet = Pick<ConstructorParameters<typeof ProportionProcess>[0], 'difference' | 'evidenceOf' | 'share' | 'limit'>;

function process(tables: readonly Table[], bet: Bet): ProportionProcess {
  const made = new ProportionProcess({ ...bet, expected: EXPECTED_RATE });
  for (const table of tables) made.add(table);
  return made;
}

/**
 * All differences that are not rejected at alpha/2 from below or above, by bets that are hardly dealt anew, as the interval
 * is about the whole time. Where the difference changes, it is about its mean.
 */
function interval(tables: readonly Table[], alpha: number): readonly [number, number] {
  const threshold = Math.log(2 / alpha);
  const lower = lastRejected(GRID.length, (index) => {
    const difference = GRID[index] ?? 0;
    return process(tables, { difference, evidenceOf: 'more', share: INTERVAL_SHARE }).wealth.log >= threshold;
  });
  const upper = lastRejected(GRID.length, (index) => {
    const difference = GRID[GRID.length - 1 - index] ?? 0;
    return process(tables, { difference, evidenceOf: 'less', share: INTERVAL_SHARE }).wealth.log >= threshold;
  });
  return [GRID[lower] ?? -1, GRID[GRID.length - 1 - upper] ?? 1];
}

/** The Mantel-Haenszel risk difference: the blocks' differences, weighted by what each can tell. */
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
