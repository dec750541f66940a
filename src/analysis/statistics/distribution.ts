import { type Bet, intervalBet, verdictBet } from './bet.ts';
import type { Block } from './block.ts';
import type { Evidence } from './evidence.ts';
import { type Gathering, gatheringDurations, joinAll } from './gather.ts';
import { type MannWhitney, mannWhitney } from './mann-whitney.ts';
import { RankProcess } from './rank-process.ts';
import { type RankSum, rankSum } from './rank-sum.ts';
import { changeInterval, changeWhere, marginShift } from './shift.ts';
import { eValue, type Wealth } from './wealth.ts';

export interface DistributionQuestion {
  /** By how much the candidate may be slower: 0.2 is 20 %. */
  readonly margin: number;
  readonly alpha: number;
}

export interface DistributionEvidence extends Evidence {
  /** The chance that a request of the candidate takes longer than one of the baseline in the same block; null of nothing. */
  readonly slower: number | null;
  /** What the classical test says of all durations together, for one who looks once, and for no margin. */
  readonly fixedSample: MannWhitney | null;
}

/** The e-process behind `judgeDistribution`, block by block. */
export class DistributionTest {
  readonly #gathering: Gathering = gatheringDurations();
  readonly #shift: number;
  readonly #process: RankProcess;

  constructor(margin: number, bet: Bet) {
    this.#shift = marginShift(margin, bet);
    this.#process = new RankProcess(bet);
  }

  get wealth(): Wealth {
    return this.#process.wealth;
  }

  add(block: Block): void {
    const gathered = this.#gathering.add(block);
    if (gathered === null) return;
    this.#process.add(rankSum(gathered.candidate.durations, gathered.baseline.durations, this.#shift));
  }
}

/**
 * Compares whole distributions of latency by ranks. `worse`: against "in every block stochastically at most (1 + margin)
 * times the baseline's". `notWorse`: against "at least (1 + margin) times". The estimate is Hodges and Lehmann's, with blocks as
 * strata: the change without which a request of either version would be as likely to be the longer one.
 * @param blocks in the order of their ends
 */
export function judgeDistribution(
  blocks: readonly Block[],
  { margin, alpha }: DistributionQuestion,
): DistributionEvidence {
  const worse = new DistributionTest(margin, verdictBet('worse', alpha));
  const better = new DistributionTest(margin, verdictBet('better', alpha));
  for (const block of blocks) {
    worse.add(block);
    better.add(block);
  }
  const gathered = gatheringDurations().all(blocks);
  const sums = (shift: number) =>
    gathered.map(({ candidate, baseline }) => rankSum(candidate.durations, baseline.durations, shift));
  const threshold = Math.log(2 / alpha);
  const rejected = (shift: number, evidenceOf: Bet['evidenceOf']) => {
    const process = new RankProcess(intervalBet(evidenceOf));
    for (const sum of sums(shift)) process.add(sum);
    return process.wealth.log >= threshold;
  };
  const unshifted = sums(0);
  const excess = meanExcess(unshifted);
  return {
    estimate: excess === null ? null : changeWhere((shift) => meanExcess(sums(shift)) ?? 0),
    interval: changeInterval(rejected),
    worse: eValue(worse.wealth.highest),
    notWorse: eValue(better.wealth.log),
    compared: {
      candidate: unshifted.reduce((sum, { candidate }) => sum + candidate, 0),
      baseline: unshifted.reduce((sum, { baseline }) => sum + baseline, 0),
    },
    slower: excess === null ? null : 0.5 + excess,
    fixedSample: mannWhitney(
      joinAll(gathered.map(({ candidate }) => candidate.durations)),
      joinAll(gathered.map(({ baseline }) => baseline.durations)),
    ),
  };
}

/** P(candidate slower) - 1/2, each block weighted by what it can tell (van Elteren, 1960); null of nothing. */
function meanExcess(sums: readonly RankSum[]): number | null {
  let sum = 0;
  let weights = 0;
  for (const { u, candidate, baseline } of sums) {
    const weight = 1 / (candidate + baseline + 1);
    sum += weight * (u - (candidate * baseline) / 2);
    weights += weight * candidate * baseline;
  }
  return weights > 0 ? sum / weights : null;
}
