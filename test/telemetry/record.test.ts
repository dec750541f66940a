import fc from 'fast-check';
import t from 'tap';
import { durationBin } from '../../src/telemetry/duration-bins.ts';
import {
  ATTEMPT_BASE,
  ATTEMPT_OUTCOMES,
  BLOCK_LENGTH,
  DURATION_BINS,
  DURATION_BOUNDS,
  DURATION_BUCKETS,
  DURATION_SUM,
  FAILURE_BASE,
  IN_FLIGHT,
  RETRY_BASE,
  RETRY_REASONS,
  STATUS_BASE,
  UPSTREAM_FAILURE_REASONS,
  WORKER_BLOCK_LENGTH,
} from '../../src/telemetry/layout.ts';
import {
  enterFlight,
  leaveFlight,
  recordAnswer,
  recordFailure,
  recordOutcome,
  recordRejection,
  recordRetry,
  recordUnrouted,
} from '../../src/telemetry/record.ts';

/** The slots that are not 0. */
function used(block: Float64Array): [slot: number, value: number][] {
  return [...block.entries()].filter(([, value]) => value !== 0);
}

t.test('an outcome counts its status, its bucket and its seconds', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  recordOutcome(block, 204, 30);
  t.same(used(block), [
    [STATUS_BASE + 104, 1],
    [DURATION_BUCKETS + 5, 1],
    [DURATION_SUM, 0.03],
    [DURATION_BINS + durationBin(0.03), 1],
  ]);
});

t.test('a bound belongs to its bucket, and what is longer than all has a bucket of its own', async (t) => {
  for (const [index, bound] of DURATION_BOUNDS.entries()) {
    const block = new Float64Array(BLOCK_LENGTH);
    recordOutcome(block, 200, bound * 1000);
    recordOutcome(block, 200, bound * 1000 + 0.001);
    t.equal(block[DURATION_BUCKETS + index], 1);
    t.equal(block[DURATION_BUCKETS + index + 1], 1);
  }
});

t.test('a status outside 100..599 counts as 500', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  for (const status of [99, 600, 999, 0]) recordOutcome(block, status, 1);
  t.equal(block[STATUS_BASE + 400], 4);
});

t.test('any outcomes leave every slot but their own alone', async (t) => {
  const property = fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.double({ min: 0, max: 1e6, noNaN: true }))),
    (outcomes) => {
      const block = new Float64Array(BLOCK_LENGTH);
      for (const [status, ms] of outcomes) recordOutcome(block, status, ms);
      const total = (from: number, to: number) => block.subarray(from, to).reduce((a, b) => a + b, 0);
      return (
        total(STATUS_BASE, DURATION_BUCKETS) === outcomes.length &&
        total(DURATION_BUCKETS, DURATION_SUM) === outcomes.length &&
        total(IN_FLIGHT, DURATION_BINS) === 0 &&
        total(DURATION_BINS, BLOCK_LENGTH) === outcomes.length
      );
    },
  );
  t.doesNotThrow(() => fc.assert(property));
});

t.test('in flight goes up and down', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  enterFlight(block);
  enterFlight(block);
  leaveFlight(block);
  t.same(used(block), [[IN_FLIGHT, 1]]);
});

t.test('each failure and retry reason has a slot of its own', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  for (const reason of UPSTREAM_FAILURE_REASONS) recordFailure(block, reason, true);
  for (const reason of RETRY_REASONS) recordRetry(block, reason);
  t.same(
    used(block),
    [...UPSTREAM_FAILURE_REASONS.keys()]
      .map((i) => [FAILURE_BASE + i, 1])
      .concat([...RETRY_REASONS.keys()].map((i) => [RETRY_BASE + i, 1])),
  );
});

t.test('a request that reached no version counts in the block of the worker', async (t) => {
  const worker = new Float64Array(WORKER_BLOCK_LENGTH);
  recordUnrouted(worker, 431);
  t.same(used(worker), [[STATUS_BASE + 331, 1]]);
});

/** The outcomes that were counted. */
function attempts(block: Float64Array): Record<string, number> {
  const counts = ATTEMPT_OUTCOMES.map((outcome, index) => [outcome, block[ATTEMPT_BASE + index] ?? 0] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

t.test('an answer below 500 is an attempt that went well, and one from 500 on is an error', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  for (const status of [101, 200, 404, 499, 500, 599]) recordAnswer(block, status);
  t.same(attempts(block), { ok: 4, error: 2 });
});

t.test('each failure is an attempt, by what it shows of the version', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  for (const reason of UPSTREAM_FAILURE_REASONS) recordFailure(block, reason);
  t.same(attempts(block), { error: 1, connect_failed: 4, timeout: 2, reset: 2 });
});

t.test('a failure for want of something on this machine is no attempt', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  recordFailure(block, 'connect_error', true);
  t.same(attempts(block), {});
  t.equal(block[FAILURE_BASE + UPSTREAM_FAILURE_REASONS.indexOf('connect_error')], 1);
});

t.test('a rejection is an attempt that was refused', async (t) => {
  const block = new Float64Array(BLOCK_LENGTH);
  recordRejection(block, 'queue_full');
  recordRejection(block, 'pending_timeout');
  t.same(attempts(block), { refused: 2 });
});
