import { DURATION_BIN_COUNT } from './duration-bins.ts';

/**
 * Where each number stands in the Float64Array blocks that workers write and the main thread sums. A double holds every
 * integer up to 2^53, so one kind of slot does for counts and for seconds.
 */

/** Statuses 100..599: index = STATUS_BASE + status - FIRST_STATUS. */
export const FIRST_STATUS = 100;
export const LAST_STATUS = 599;
export const STATUS_BASE = 0;
export const STATUS_COUNT = LAST_STATUS - FIRST_STATUS + 1;

/** Upper bounds in seconds, inclusive; one more slot behind them counts what is longer. */
export const DURATION_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** DURATION_BOUNDS.length + 1 slots, not cumulative. */
export const DURATION_BUCKETS = STATUS_BASE + STATUS_COUNT;
/** Seconds. */
export const DURATION_SUM = DURATION_BUCKETS + DURATION_BOUNDS.length + 1;
export const IN_FLIGHT = DURATION_SUM + 1;

/** Why an exchange with an endpoint failed: the `reason` label of `upstream_failures_total`. */
export const UPSTREAM_FAILURE_REASONS = [
  'connect_refused',
  'connect_timeout',
  'connect_error',
  'tls_error',
  'reset',
  'truncated',
  'bad_response',
  'response_timeout',
  'idle_timeout',
] as const;
export type UpstreamFailureReason = (typeof UPSTREAM_FAILURE_REASONS)[number];
export const FAILURE_BASE = IN_FLIGHT + 1;

/** Why a request was sent a second time: the `reason` label of `retries_total`. */
export const RETRY_REASONS = ['connect', 'reset'] as const;
export type RetryReason = (typeof RETRY_REASONS)[number];
export const RETRY_BASE = FAILURE_BASE + UPSTREAM_FAILURE_REASONS.length;

/** Retries that the budget did not allow, by the same reasons. */
export const RETRY_REFUSED_BASE = RETRY_BASE + RETRY_REASONS.length;

/** Requests that wait for an endpoint; they are in flight, too. */
export const PENDING = RETRY_REFUSED_BASE + RETRY_REASONS.length;
/** Why a request could not wait: the `reason` label of `requests_rejected_total`. */
export const REJECTION_REASONS = ['queue_full', 'pending_timeout'] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];
export const REJECTION_BASE = PENDING + 1;

/** Why an endpoint was ejected: the `reason` label of `ejections_total`. */
export const EJECTION_REASONS = ['connect', 'no_answer', 'server_error'] as const;
export type EjectionReason = (typeof EJECTION_REASONS)[number];
export const EJECTION_BASE = REJECTION_BASE + REJECTION_REASONS.length;
/** Endpoints that the worker leaves out now. */
export const ENDPOINTS_EJECTED = EJECTION_BASE + EJECTION_REASONS.length;

/** How an attempt at a version ended: the `outcome` label of `attempts_total`. */
export const ATTEMPT_OUTCOMES = ['ok', 'error', 'connect_failed', 'timeout', 'reset', 'refused'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];
export const ATTEMPT_BASE = ENDPOINTS_EJECTED + 1;

/** DURATION_BIN_COUNT slots: see `duration-bins.ts`. */
export const DURATION_BINS = ATTEMPT_BASE + ATTEMPT_OUTCOMES.length;

/** Slots in the block of one series. */
export const BLOCK_LENGTH = DURATION_BINS + DURATION_BIN_COUNT;

/** The block of one worker: requests that reached no version, by status as above, then the following. */
export const CONNECTIONS_OPEN = STATUS_BASE + STATUS_COUNT;
export const CONNECTIONS_ACCEPTED = CONNECTIONS_OPEN + 1;
export const TABLE_GENERATION = CONNECTIONS_ACCEPTED + 1;
/** Why a client's connection was not taken: the `reason` label of `connections_refused_total`. */
export const CONNECTION_REFUSALS = ['connections', 'connections_per_address', 'accept_failed'] as const;
export type ConnectionRefusal = (typeof CONNECTION_REFUSALS)[number];
export const CONNECTIONS_REFUSED_BASE = TABLE_GENERATION + 1;
export const TLS_HANDSHAKE_FAILURES = CONNECTIONS_REFUSED_BASE + CONNECTION_REFUSALS.length;
export const WORKER_BLOCK_LENGTH = TLS_HANDSHAKE_FAILURES + 1;

/** The block of one fallback edge is this one slot. */
export const FALLBACK_COUNT = 0;
export const FALLBACK_BLOCK_LENGTH = 1;
