import { durationBin } from './duration-bins.ts';
import {
  ATTEMPT_BASE,
  ATTEMPT_OUTCOMES,
  type AttemptOutcome,
  DURATION_BINS,
  DURATION_BOUNDS,
  DURATION_BUCKETS,
  DURATION_SUM,
  EJECTION_BASE,
  EJECTION_REASONS,
  type EjectionReason,
  FAILURE_BASE,
  FALLBACK_COUNT,
  FIRST_STATUS,
  IN_FLIGHT,
  LAST_STATUS,
  PENDING,
  REJECTION_BASE,
  REJECTION_REASONS,
  RETRY_BASE,
  RETRY_REASONS,
  RETRY_REFUSED_BASE,
  type RejectionReason,
  type RetryReason,
  STATUS_BASE,
  UPSTREAM_FAILURE_REASONS,
  type UpstreamFailureReason,
} from './layout.ts';

/*
 * The functions of the request path. Each block has one writer, so plain additions do: no lock, no Atomics, no
 * allocation. A reader on another thread may see one addition late, never a torn number.
 */

/** Adds to one slot. */
export function add(block: Float64Array, slot: number, amount: number): void {
  block[slot] = (block[slot] ?? 0) + amount;
}

/** An upstream may answer with any three digits. RFC 9110 15: what is outside 100..599 counts as a server error. */
function statusSlot(status: number): number {
  return STATUS_BASE + (status >= FIRST_STATUS && status <= LAST_STATUS ? status : 500) - FIRST_STATUS;
}

/** One exchange has ended. `durationMs`: from the first byte of the request head to the last of the response. */
export function recordOutcome(block: Float64Array, status: number, durationMs: number): void {
  const seconds = durationMs / 1000;
  let bucket = 0;
  while (bucket < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[bucket] ?? 0)) bucket++;
  add(block, statusSlot(status), 1);
  add(block, DURATION_BUCKETS + bucket, 1);
  add(block, DURATION_BINS + durationBin(seconds), 1);
  add(block, DURATION_SUM, seconds);
}

const ATTEMPT_OK = ATTEMPT_BASE + ATTEMPT_OUTCOMES.indexOf('ok');
const ATTEMPT_ERROR = ATTEMPT_BASE + ATTEMPT_OUTCOMES.indexOf('error');

/** An attempt has ended, and what the head of its answer said is what counts. */
export function recordAnswer(block: Float64Array, status: number): void {
  add(block, status < 500 ? ATTEMPT_OK : ATTEMPT_ERROR, 1);
}

/** One attempt at a version has ended, whatever became of its request. */
export function recordAttempt(block: Float64Array, outcome: AttemptOutcome): void {
  add(block, ATTEMPT_BASE + ATTEMPT_OUTCOMES.indexOf(outcome), 1);
}

/** The version was chosen and has nobody who could be asked. */
export function recordRefused(block: Float64Array): void {
  recordAttempt(block, 'refused');
}

/** A request that reached no version was answered: counts in the worker's own block. */
export function recordUnrouted(worker: Float64Array, status: number): void {
  add(worker, statusSlot(status), 1);
}

export function enterFlight(block: Float64Array): void {
  add(block, IN_FLIGHT, 1);
}

export function leaveFlight(block: Float64Array): void {
  add(block, IN_FLIGHT, -1);
}

/** What a failure is as the outcome of its attempt. */
const FAILED_AS: Readonly<Record<UpstreamFailureReason, AttemptOutcome>> = {
  connect_refused: 'connect_failed',
  connect_timeout: 'connect_failed',
  connect_error: 'connect_failed',
  tls_error: 'connect_failed',
  reset: 'reset',
  truncated: 'reset',
  bad_response: 'error',
  response_timeout: 'timeout',
  idle_timeout: 'timeout',
};

/** An attempt has failed. @param excused it shows nothing of the version: for want of something on this machine, or of more of a client's body */
export function recordFailure(block: Float64Array, reason: UpstreamFailureReason, excused = false): void {
  add(block, FAILURE_BASE + UPSTREAM_FAILURE_REASONS.indexOf(reason), 1);
  if (!excused) recordAttempt(block, FAILED_AS[reason]);
}

export function recordRetry(block: Float64Array, reason: RetryReason): void {
  add(block, RETRY_BASE + RETRY_REASONS.indexOf(reason), 1);
}

export function recordRetryRefused(block: Float64Array, reason: RetryReason): void {
  add(block, RETRY_REFUSED_BASE + RETRY_REASONS.indexOf(reason), 1);
}

export function enterQueue(block: Float64Array): void {
  add(block, PENDING, 1);
}

export function leaveQueue(block: Float64Array): void {
  add(block, PENDING, -1);
}

/** Every endpoint is full, and so is the queue, or the wait was too long: an attempt that was refused. */
export function recordRejection(block: Float64Array, reason: RejectionReason): void {
  add(block, REJECTION_BASE + REJECTION_REASONS.indexOf(reason), 1);
  recordRefused(block);
}

export function recordEjection(block: Float64Array, reason: EjectionReason): void {
  add(block, EJECTION_BASE + EJECTION_REASONS.indexOf(reason), 1);
}

/** `block` is that of a fallback edge. */
export function recordFallback(block: Float64Array): void {
  add(block, FALLBACK_COUNT, 1);
}
