import type { RequestRecord } from '../load/request-record.ts';
import type { Finding } from './finding.ts';
import { TOLERANCE_MS } from './tolerance.ts';
import type { UsableInterval } from './usable-interval.ts';

export interface UsablePods {
  readonly findings: readonly Finding[];
  /** Requests that a Pod received when it was not usable. */
  readonly late: number;
}

/** No Pod received a request more than 200 ms before it became usable or after it stopped being so. */
export function judgeUsablePods(records: readonly RequestRecord[], intervals: readonly UsableInterval[]): UsablePods {
  const byPod = Map.groupBy(intervals, ({ pod }) => pod);
  const strays = new Map<string, { count: number; worst: number; id: string }>();
  for (const { id, pod, receivedAt } of records) {
    if (pod === null) continue;
    const distance = receivedAt === null ? Number.NaN : distanceTo(byPod.get(pod) ?? [], receivedAt);
    if (distance <= TOLERANCE_MS) continue;
    const stray = strays.get(pod);
    if (stray === undefined) strays.set(pod, { count: 1, worst: distance, id });
    else {
      stray.count += 1;
      if (distance > stray.worst) Object.assign(stray, { worst: distance, id });
    }
  }
  let late = 0;
  const findings: Finding[] = [];
  for (const [pod, { count, worst, id }] of strays) {
    late += count;
    const when = Number.isFinite(worst) ? `up to ${Math.round(worst)} ms outside its usable time` : why(byPod.has(pod));
    findings.push({ demand: 'usable pods', message: `${pod} received ${count} requests ${when} (${id})` });
  }
  return { findings, late };
}

function why(isKnown: boolean): string {
  return isKnown ? 'without saying when' : 'and was never usable';
}

/** Milliseconds from the nearest time in which the Pod was usable; 0 within one. */
function distanceTo(intervals: readonly UsableInterval[], at: number): number {
  return Math.min(
    ...intervals.map(({ usableFrom, unusableAt }) =>
      Math.max(0, usableFrom - at, at - (unusableAt ?? Number.POSITIVE_INFINITY)),
    ),
  );
}
