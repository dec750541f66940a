import type { RequestRecord } from '../load/request-record.ts';
import type { Finding } from './finding.ts';

const EXAMPLES = 3;

/** Null: status 2xx, the answer to this very request, and its body came to the Pod as it was sent. */
export function failureOf(record: RequestRecord): string | null {
  const { id, status, error, echoed, pod, bodyIntact } = record;
  if (error !== null) return error;
  if (status === null || status < 200 || status > 299) return `status ${status}`;
  if (echoed !== id) return echoed === null ? 'the answer has no request id' : `the answer to ${echoed}`;
  if (pod === null) return 'no Pod has answered';
  return bodyIntact ? null : 'the body was damaged';
}

/** The answer 500 of a Pod to this very request, by one of the versions that answer so on purpose. */
export function isFault(record: RequestRecord, faulty: readonly string[]): boolean {
  const { version, status, echoed, id, bodyIntact } = record;
  return version !== null && faulty.includes(version) && status === 500 && echoed === id && bodyIntact;
}

/** One finding for each kind of failure, with examples. No request at all is a finding, too. */
export function judgeFailures(records: readonly RequestRecord[], faulty: readonly string[] = []): readonly Finding[] {
  if (records.length === 0) return [{ demand: 'no failure', message: 'no request was sent' }];
  const kinds = Map.groupBy(
    records.filter((record) => failureOf(record) !== null && !isFault(record, faulty)),
    (record) => failureOf(record)?.replaceAll(/\d{4,}/g, 'N'),
  );
  return [...kinds.values()].map((failed) => ({
    demand: 'no failure',
    message: `${failed.length} of ${records.length} requests failed: ${failed.slice(0, EXAMPLES).map(describe).join('; ')}`,
  }));
}

function describe(record: RequestRecord): string {
  const { id, method, target, scheduledAt, sentAt, endedAt, attempts } = record;
  const times = `due ${time(scheduledAt)}, sent ${time(sentAt)}, ended ${time(endedAt)}`;
  const pod = record.pod === null ? '' : `, pod ${record.pod}`;
  return `${failureOf(record)} (${method} ${id} by ${target}, ${times}, attempts ${attempts}${pod})`;
}

/** The time of day in UTC with milliseconds, as the logs have it. */
function time(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 23);
}
