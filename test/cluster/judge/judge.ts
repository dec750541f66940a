import type { RequestRecord } from '../load/request-record.ts';
import { type Convergences, judgeConvergence } from './convergences.ts';
import { failureOf, isFault, judgeFailures } from './failures.ts';
import type { Finding } from './finding.ts';
import { type HeaderDemand, judgeHeaders } from './headers.ts';
import { quantile } from './quantile.ts';
import { judgeShares, type Share, type ShareDemand } from './shares.ts';
import type { UsableInterval } from './usable-interval.ts';
import { judgeUsablePods } from './usable-pods.ts';

/** What a scenario saw and what it demands. */
export interface Case {
  readonly scenario: string;
  readonly records: readonly RequestRecord[];
  /** `load.surprises`. */
  readonly surprises?: readonly string[];
  /** How long after a window's begin requests count to neither window. 500 where it is left out. */
  readonly settleMs?: number;
  readonly shares?: readonly ShareDemand[];
  readonly headers?: readonly HeaderDemand[];
  /** Left out: not judged. */
  readonly pods?: readonly UsableInterval[];
  readonly convergence?: Convergences;
  /** Versions, as they call themselves, that answer with errors on purpose: those answers are no failures of anybody else. */
  readonly faulty?: readonly string[];
}

/** The figures of a scenario. Times are milliseconds; NaN where nothing was measured. */
export interface Row {
  readonly scenario: string;
  readonly requests: number;
  readonly failed: number;
  /** Errors that a version answered on purpose. */
  readonly faults: number;
  readonly repeated: number;
  /** The share that lies farthest from its weight, as a part of the accepted distance; null: no share was judged. */
  readonly worstShare: Share | null;
  readonly headerMisses: number;
  /** Requests that a Pod received outside the times in which it was usable, 200 ms apart. */
  readonly late: number;
  readonly splits: number;
  readonly convergenceMedian: number;
  readonly convergenceP95: number;
  readonly convergenceMax: number;
  /** Of the answered requests, from the moment at which each was due. */
  readonly latencyP50: number;
  readonly latencyP99: number;
}

export interface Judgement {
  /** None: the scenario passes. */
  readonly findings: readonly Finding[];
  readonly row: Row;
  /** Every share that was judged, in the order of the demands. */
  readonly shares: readonly Share[];
}

const SETTLE_MS = 500;

export function judge(seen: Case): Judgement {
  const { scenario, records, surprises = [], settleMs = SETTLE_MS, convergence, faulty = [] } = seen;
  const { shares, findings: unshared } = judgeShares(records, seen.shares ?? [], settleMs);
  const headers = judgeHeaders(records, seen.headers ?? []);
  const pods = seen.pods === undefined ? { findings: [], late: 0 } : judgeUsablePods(records, seen.pods);
  const latencies = records.filter(({ error }) => error === null).map((r) => r.endedAt - r.scheduledAt);
  const times = convergence?.samples.map(({ ms }) => ms) ?? [];
  const findings = [
    ...judgeFailures(records, faulty),
    ...surprises.map((what): Finding => ({ demand: 'no failure', message: what })),
    ...unshared,
    ...headers.findings,
    ...pods.findings,
    ...(convergence === undefined ? [] : judgeConvergence(convergence)),
  ];
  const row: Row = {
    scenario,
    requests: records.length,
    failed: records.filter((record) => failureOf(record) !== null && !isFault(record, faulty)).length,
    faults: records.filter((record) => isFault(record, faulty)).length,
    repeated: records.filter(({ attempts }) => attempts > 1).length,
    worstShare: shares.toSorted((a, b) => extent(b) - extent(a))[0] ?? null,
    headerMisses: headers.misses,
    late: pods.late,
    splits: times.length,
    convergenceMedian: quantile(times, 0.5),
    convergenceP95: quantile(times, 0.95),
    convergenceMax: quantile(times, 1),
    latencyP50: quantile(latencies, 0.5),
    latencyP99: quantile(latencies, 0.99),
  };
  return { findings, row, shares };
}

/** The distance from the expected count as a part of the accepted one: above 1 outside the accepted counts. */
function extent({ requests, count, expected, low, high }: Share): number {
  const distance = count - requests * expected;
  if (distance === 0) return 0;
  const accepted = distance < 0 ? requests * expected - low : high - requests * expected;
  return accepted <= 0 ? Number.POSITIVE_INFINITY : Math.abs(distance) / accepted;
}
