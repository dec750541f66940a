import type { Block } from './block.ts';
import { INTERVAL_SHARE, passLimit, SHARE } from './error-rate.ts';
import type { Evidence } from './evidence.ts';
import { gatherDurations, joinAll } from './gather.ts';
import { type MannWhitney, mannWhitney } from './mann-whitney.ts';
import { type RankHypothesis, RankProcess } from './rank-process.ts';
import { type RankSum, rankSum } from './rank-sum.ts';
import { changeInterval, changeWhere, shiftAbove, shiftBelow } from './shift.ts';
import { eValue } from './wealth.ts';

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
  const gathered = gatherDurations(blocks);
  const sums = (shift: number) =>
    gathered.map(({ candidate, baseline }) => rankSum(candidate.durations, baseline.durations, shift));
  const process = (shift: number, hypothesis: RankHypothesis) => {
    const made = new RankProcess(hypothesis);
    for (const sum of sums(shift)) made.add(sum);
    return made.wealth;
  };
  const worse = process(shiftAbove(margin), { evidenceOf: 'slower', share: SHARE });
  const notWorse = process(shiftBelow(margin), { evidenceOf: 'faster', share: SHARE, limit: passLimit(alpha) });
  const threshold = Math.log(2 / alpha);
  const share = INTERVAL_SHARE;
  const unshifted = sums(0);
  const excess = meanExcess(unshifted);
  return {
    estimate: excess === null ? null : changeWhere((shift) => meanExcess(sums(shift)) ?? 0),
    interval: changeInterval(
      (shift) => process(shift, { evidenceOf: 'slower', share }).log >= threshold,
      (shift) => process(shift, { evidenceOf: 'faster', share }).log >= threshold,
    ),
    worse: eValue(worse.highest),
    notWorse: eValue(notWorse.log),
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

/** P(candidate slower) - 1/2, each block weighted by what it can tell (van Elteren, 1960). */
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
