import type { RequestRecord } from '../load/request-record.ts';
import type { Finding } from './finding.ts';
import type { TimeWindow } from './time-window.ts';
import { TOLERANCE_MS } from './tolerance.ts';

/** In this window every request of the stream is answered by this version. */
export interface HeaderDemand {
  readonly window: TimeWindow;
  readonly stream: string;
  /** The pod-template-hash. */
  readonly hash: string;
}

export interface Headers {
  readonly findings: readonly Finding[];
  readonly misses: number;
}

/** What was sent less than 200 ms after the window's begin, or ended less than 200 ms before its end, is not judged. */
export function judgeHeaders(records: readonly RequestRecord[], demands: readonly HeaderDemand[]): Headers {
  const findings: Finding[] = [];
  const missed = new Set<string>();
  for (const { window, stream, hash } of demands) {
    const within = records.filter(
      (record) =>
        record.stream === stream &&
        record.hash !== null &&
        record.sentAt >= window.from + TOLERANCE_MS &&
        record.endedAt <= window.until - TOLERANCE_MS,
    );
    const misses = within.filter((record) => record.hash !== hash);
    for (const { id } of misses) missed.add(id);
    const place = `${window.name}, stream ${stream}`;
    if (within.length === 0) findings.push({ demand: 'header', message: `${place}: no request in this window` });
    const [first] = misses;
    if (first === undefined) continue;
    const after = Math.round(first.sentAt - window.from);
    const message = `${place}: ${misses.length} of ${within.length} requests were not on ${hash}; the first, ${first.id}, sent ${after} ms after its begin, was on ${first.hash}`;
    findings.push({ demand: 'header', message });
  }
  return { findings, misses: missed.size };
}
