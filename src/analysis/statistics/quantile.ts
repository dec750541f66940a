import type { Block, Durations } from './block.ts';
import { INTERVAL_SHARE, passLimit, rateDifference, SHARE, total } from './error-rate.ts';
import type { Evidence } from './evidence.ts';
import { durationCount, gatherDurations } from './gather.ts';
import { type ProportionHypothesis, ProportionProcess } from './proportion-process.ts';
import { RunningQuantile } from './running-quantile.ts';
import { changeInterval, changeWhere, shiftAbove, shiftBelow } from './shift.ts';
import type { Table } from './two-proportions.ts';
import { eValue } from './wealth.ts';

export interface QuantileQuestion {
  /** 0.95 is the 95th percentile. */
  readonly quantile: number;
  /** By how much the candidate may be slower: 0.2 is 20 %. */
  readonly margin: number;
  readonly alpha: number;
}

/** A block, with the bin in which the baseline's quantile was before it. */
export interface Limited {
  readonly candidate: Durations;
  readonly baseline: Durations;
  readonly limit: number;
}

/**
 * Compares a quantile: with x the baseline's quantile by the blocks before, the share of the candidate's requests that
 * took longer than (1 + margin) x with the share of the baseline's that took longer than x. A candidate whose latency is,
 * block by block, stochastically at most (1 + margin) times the baseline's has no larger share for any x, so that the
 * e-process of two proportions needs no estimate of the quantile to be right, and a busy hour that slows both is none.
 * @param blocks in the order of their ends
 */
export function judgeQuantile(blocks: readonly Block[], { quantile, margin, alpha }: QuantileQuestion): Evidence {
  const limited = withLimits(gatherDurations(blocks), quantile);
  const process = (shift: number, bet: Pick<ProportionHypothesis, 'evidenceOf' | 'share' | 'limit'>) => {
    const made = new ProportionProcess({ ...bet, difference: 0, expected: 1 - quantile });
    for (const block of limited) made.add(exceeding(block, shift, bet.evidenceOf === 'more' ? 0 : 1));
    return made.wealth;
  };
  const worse = process(shiftAbove(margin), { evidenceOf: 'more', share: SHARE });
  const notWorse = process(shiftBelow(margin), { evidenceOf: 'less', share: SHARE, limit: passLimit(alpha) });
  const { candidate, baseline } = total(limited.map((block) => exceeding(block, 0)));
  const threshold = Math.log(2 / alpha);
  const share = INTERVAL_SHARE;
  return {
    estimate: changeWhere((shift) => rateDifference(limited.map((block) => exceeding(block, shift))) ?? 0),
    interval: changeInterval(
      (shift) => process(shift, { evidenceOf: 'more', share }).log >= threshold,
      (shift) => process(shift, { evidenceOf: 'less', share }).log >= threshold,
    ),
    worse: eValue(worse.highest),
    notWorse: eValue(notWorse.log),
    compared: { candidate, baseline },
  };
}

function withLimits(blocks: readonly Block[], quantile: number): Limited[] {
  const known = new RunningQuantile(quantile);
  const limited: Limited[] = [];
  for (const { candidate, baseline } of blocks) {
    const limit = known.bin;
    if (limit !== null) limited.push({ candidate: candidate.durations, baseline: baseline.durations, limit });
    known.add(baseline.durations);
  }
  return limited;
}

/**
 * How many took longer than the limit, the candidate's shifted.
 * @param before 1 for the bin before the limit: where most of the baseline is in one bin, nothing lies behind that, and
 * evidence that the candidate is faster needs something
 */
export function exceeding({ candidate, baseline, limit }: Limited, shift: number, before: 0 | 1 = 0): Table {
  return {
    candidate: durationCount(candidate),
    candidateEvents: countBehind(candidate, limit + shift - before),
    baseline: durationCount(baseline),
    baselineEvents: countBehind(baseline, limit - before),
  };
}

function countBehind({ bins, counts }: Durations, limit: number): number {
  let behind = 0;
  for (let i = bins.length - 1; i >= 0 && (bins[i] ?? 0) > limit; i--) behind += counts[i] ?? 0;
  return behind;
}
