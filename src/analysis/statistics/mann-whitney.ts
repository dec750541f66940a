import type { Durations } from './block.ts';
import { upperTail } from './normal.ts';

export interface MannWhitney {
  /** Pairs in which the candidate took longer, equal ones as half. */
  readonly u: number;
  /** One-sided, normal approximation with the correction for ties and for continuity: small when the candidate is slower. */
  readonly p: number;
}

/** The classical test, right for one look at a number of requests that was fixed beforehand; null where one has none. */
export function mannWhitney(candidate: Durations, baseline: Durations): MannWhitney | null {
  let u = 0;
  let n = 0;
  let m = 0;
  let ties = 0;
  let i = 0;
  let j = 0;
  while (i < candidate.bins.length || j < baseline.bins.length) {
    const left = candidate.bins[i] ?? Number.POSITIVE_INFINITY;
    const right = baseline.bins[j] ?? Number.POSITIVE_INFINITY;
    const own = left <= right ? (candidate.counts[i++] ?? 0) : 0;
    const others = right <= left ? (baseline.counts[j++] ?? 0) : 0;
    const equal = own + others;
    u += own * (m + others / 2);
    ties += equal * equal * equal - equal;
    n += own;
    m += others;
  }
  if (n === 0 || m === 0) return null;
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  // All durations in one bin say nothing.
  if (variance <= 0) return { u, p: 1 };
  return { u, p: upperTail((u - (n * m) / 2 - 0.5) / Math.sqrt(variance)) };
}
