import type { Durations } from './block.ts';

/** The Mann-Whitney statistic of one block. */
export interface RankSum {
  /** Pairs of a request of each version in which the candidate's took longer, equal ones as half. */
  readonly u: number;
  readonly candidate: number;
  readonly baseline: number;
}

/** @param shift the candidate's durations are taken to be that many bins shorter */
export function rankSum(candidate: Durations, baseline: Durations, shift: number): RankSum {
  let u = 0;
  let below = 0;
  let own = 0;
  let j = 0;
  for (let i = 0; i < candidate.bins.length; i++) {
    const bin = (candidate.bins[i] ?? 0) - shift;
    const count = candidate.counts[i] ?? 0;
    while (j < baseline.bins.length && (baseline.bins[j] ?? 0) < bin) below += baseline.counts[j++] ?? 0;
    const equal = baseline.bins[j] === bin ? (baseline.counts[j] ?? 0) : 0;
    u += count * (below + equal / 2);
    own += count;
  }
  while (j < baseline.bins.length) below += baseline.counts[j++] ?? 0;
  return { u, candidate: own, baseline: below };
}
