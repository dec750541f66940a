import type { RequestRecord } from '../load/request-record.ts';

let count = 0;

/** A request that was answered as it should be, 5 ms after it was due, at 1,000 ms unless `overrides` says otherwise. */
export function record(overrides: Partial<RequestRecord> = {}): RequestRecord {
  count += 1;
  const { id = `r-${count}`, scheduledAt = overrides.sentAt ?? 1000 } = overrides;
  return {
    id,
    stream: 'plain',
    method: 'GET',
    target: '10.0.0.1:8080',
    scheduledAt,
    sentAt: scheduledAt,
    receivedAt: scheduledAt + 1,
    endedAt: scheduledAt + 5,
    attempts: 1,
    status: 200,
    error: null,
    echoed: id,
    pod: 'shop-abc-1',
    hash: 'abc',
    version: '1.0',
    bodyIntact: true,
    ...overrides,
  };
}

/** So many requests, 10 ms apart, of which every `every`th is on the canary `def`. */
export function records(amount: number, every: number, from = 1000): readonly RequestRecord[] {
  return Array.from({ length: amount }, (_, index) =>
    record({ scheduledAt: from + index * 10, hash: (index + 1) % every === 0 ? 'def' : 'abc' }),
  );
}
