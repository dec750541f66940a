import type { Durations } from './block.ts';
import { joinDurations } from './gather.ts';
import { upperTail } from './normal.ts';
import { rankSum } from './rank-sum.ts';

export interface MannWhitney {
  /** Pairs in which the candidate took longer, equal ones as half. */
  readonly u: number;
  /** One-sided, normal approximation with the correction for ties and for continuity: small when the candidate is slower. */
  readonly p: number;
}

/** The classical test, right for one look at a number of requests that was fixed beforehand; null where one has none. */
export function mannWhitney(candidate: Durations, baseline: Durations): MannWhitney | null {
  const { u, candidate: n, baseline: m } = rankSum(candidate, baseline, 0);
  if (n === 0 || m === 0) return null;
  const all = n + m;
  let ties = 0;
  for (const count of joinDurations(candidate, baseline).counts) ties += count * count * count - count;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  // All durations in one bin say nothing.
  if (variance <= 0) return { u, p: 1 };
  return { u, p: upperTail((u - (n * m) / 2 - 0.5) / Math.sqrt(variance)) };
}
