import { type Bet, intervalBet, verdictBet } from './bet.ts';
import type { Block, Durations } from './block.ts';
import { rateDifference, total } from './error-rate.ts';
import type { Evidence } from './evidence.ts';
import { durationCount, gatheringDurations } from './gather.ts';
import { ProportionProcess } from './proportion-process.ts';
import { type QuantileLimit, RunningQuantile } from './running-quantile.ts';
import { changeInterval, changeWhere, marginShift } from './shift.ts';
import type { Table } from './two-proportions.ts';
import { eValue, type Wealth } from './wealth.ts';

export interface QuantileQuestion {
  /** 0.95 is the 95th percentile. */
  readonly quantile: number;
  /** By how much the candidate may be slower: 0.2 is 20 %. */
  readonly margin: number;
  readonly alpha: number;
}

/** A block, with where the baseline's quantile was before it. */
interface Limited {
  readonly candidate: Durations;
  readonly candidateCount: number;
  readonly baseline: Durations;
  readonly baselineCount: number;
  readonly limit: QuantileLimit;
}

/** Joins blocks until there is enough in them, and gives each the limit that the blocks before it give. */
class Limits {
  readonly #gathering = gatheringDurations();
  readonly #known: RunningQuantile;

  constructor(quantile: number) {
    this.#known = new RunningQuantile(quantile);
  }

  /** @returns null while it is not enough, and for the first */
  add(block: Block): Limited | null {
    const gathered = this.#gathering.add(block);
    if (gathered === null) return null;
    const candidate = gathered.candidate.durations;
    const baseline = gathered.baseline.durations;
    const limit = this.#known.limit;
    this.#known.add(baseline);
    if (limit === null) return null;
    return {
      candidate,
      candidateCount: durationCount(candidate),
      baseline,
      baselineCount: durationCount(baseline),
      limit,
    };
  }
}

/** The e-process behind `judgeQuantile`, block by block. */
export class QuantileTest {
  readonly #limits: Limits;
  readonly #shift: number;
  readonly #process: ProportionProcess;

  constructor(quantile: number, margin: number, bet: Bet) {
    this.#limits = new Limits(quantile);
    this.#shift = marginShift(margin, bet);
    this.#process = processOf(quantile, bet);
  }

  get wealth(): Wealth {
    return this.#process.wealth;
  }

  add(block: Block): void {
    const limited = this.#limits.add(block);
    if (limited !== null) this.#process.add(exceeding(limited, this.#shift));
  }
}

/**
 * Compares a quantile: with x the baseline's quantile by the blocks before, the share of the candidate's requests that
 * took longer than (1 + margin) x with the share of the baseline's that took longer than x. A candidate whose latency is,
 * block by block, stochastically at most (1 + margin) times the baseline's has no larger share for any x, so that the
 * e-process of two proportions needs no estimate of the quantile to be right, and a busy hour that slows both is none.
 * Of a duration in the quantile's own bin a part counts as longer, which grows with the duration all the same; and an event
 * of less than 1 makes an e-variable smaller in the mean (r^f <= 1 - f + f r).
 * @param blocks in the order of their ends
 */
export function judgeQuantile(blocks: readonly Block[], { quantile, margin, alpha }: QuantileQuestion): Evidence {
  const worse = new QuantileTest(quantile, margin, verdictBet('worse', alpha));
  const better = new QuantileTest(quantile, margin, verdictBet('better', alpha));
  const limits = new Limits(quantile);
  const limited: Limited[] = [];
  for (const block of blocks) {
    worse.add(block);
    better.add(block);
    const next = limits.add(block);
    if (next !== null) limited.push(next);
  }
  const threshold = Math.log(2 / alpha);
  const rejected = (shift: number, evidenceOf: Bet['evidenceOf']) => {
    const process = processOf(quantile, intervalBet(evidenceOf));
    for (const block of limited) process.add(exceeding(block, shift));
    return process.wealth.log >= threshold;
  };
  const tables = (shift: number) => limited.map((block) => exceeding(block, shift));
  const { candidate, baseline } = total(tables(0));
  return {
    estimate: changeWhere((shift) => rateDifference(tables(shift)) ?? 0),
    interval: changeInterval(rejected),
    worse: eValue(worse.wealth.highest),
    notWorse: eValue(better.wealth.log),
    compared: { candidate, baseline },
  };
}

function processOf(quantile: number, bet: Bet): ProportionProcess {
  return new ProportionProcess({ difference: 0, expected: 1 - quantile }, bet);
}

/** How many took longer than the limit, the candidate's shifted. */
function exceeding({ candidate, candidateCount, baseline, baselineCount, limit }: Limited, shift: number): Table {
  return {
    candidate: candidateCount,
    candidateEvents: countBeyond(candidate, limit.bin + shift, limit.part),
    baseline: baselineCount,
    baselineEvents: countBeyond(baseline, limit.bin, limit.part),
  };
}

/**
 * A part of those in the limit's own bin: where most are in one bin, as of an application that waits for a fixed time, nothing
 * of the baseline's would lie behind it, and any candidate with a tail would be slower by every quantile.
 */
function countBeyond({ bins, counts }: Durations, limit: number, part: number): number {
  let beyond = 0;
  for (let i = bins.length - 1; i >= 0; i--) {
    const bin = bins[i] ?? 0;
    if (bin < limit) break;
    beyond += bin > limit ? (counts[i] ?? 0) : part * (counts[i] ?? 0);
  }
  return beyond;
}
