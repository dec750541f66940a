import type { RequestRecord } from '../load/request-record.ts';
import { acceptance } from './binomial.ts';
import type { Finding } from './finding.ts';
import type { TimeWindow } from './time-window.ts';

/** In this window the requests of these streams are spread by these weights. */
export interface ShareDemand {
  readonly window: TimeWindow;
  readonly streams: readonly string[];
  /** By pod-template-hash, in any unit. A version that is not named has weight 0. */
  readonly weights: Readonly<Record<string, number>>;
}

/** What one version got in one window. */
export interface Share {
  readonly window: string;
  readonly hash: string;
  readonly requests: number;
  readonly count: number;
  /** 0 to 1. */
  readonly expected: number;
  /** The accepted counts. */
  readonly low: number;
  readonly high: number;
}

export interface Shares {
  readonly findings: readonly Finding[];
  readonly shares: readonly Share[];
}

const ALPHA = 0.001;

/**
 * Each version's count lies in the 99.9 % acceptance region. What was sent within `settleMs` after a window's begin, or
 * ended after its end, belongs to no window: the change may have met it on its way.
 */
export function judgeShares(
  records: readonly RequestRecord[],
  demands: readonly ShareDemand[],
  settleMs: number,
): Shares {
  const findings: Finding[] = [];
  const shares: Share[] = [];
  for (const demand of demands) {
    const { window, streams } = demand;
    const from = window.from + settleMs;
    const within = records.filter(
      ({ stream, sentAt, endedAt, hash }) =>
        hash !== null && streams.includes(stream) && sentAt >= from && endedAt <= window.until,
    );
    if (within.length === 0) findings.push({ demand: 'share', message: `${window.name}: no request in this window` });
    for (const share of sharesOf(demand, within)) {
      shares.push(share);
      if (share.count < share.low || share.count > share.high) findings.push({ demand: 'share', message: say(share) });
    }
  }
  return { findings, shares };
}

function sharesOf({ window, weights }: ShareDemand, within: readonly RequestRecord[]): readonly Share[] {
  const requests = within.length;
  if (requests === 0) return [];
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError(`${window.name}: weights add up to ${total}`);
  const counts = new Map<string, number>(Object.keys(weights).map((hash) => [hash, 0]));
  for (const { hash } of within) if (hash !== null) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return [...counts].map(([hash, count]) => {
    const expected = (weights[hash] ?? 0) / total;
    return { window: window.name, hash, requests, count, expected, ...acceptance(requests, expected, ALPHA) };
  });
}

function say({ window, hash, requests, count, expected, low, high }: Share): string {
  return `${window}: ${hash} got ${count} of ${requests}, not ${low} to ${high} (${Number((100 * expected).toFixed(3))} %)`;
}
