import type { RetryReason, UpstreamFailureReason } from '../telemetry/layout.ts';

/** An attempt that failed before the client got anything: what decides whether the request may be sent again. */
export interface FailedAttempt {
  readonly reason: UpstreamFailureReason;
  /** The connection never stood, so that nothing of the request left. */
  readonly unsent: boolean;
  /** RFC 9110 9.2.2. */
  readonly idempotent: boolean;
  /** Everything that was sent is still at hand. */
  readonly repeatable: boolean;
}

/**
 * RFC 9110 9.2.2: only what cannot have been acted upon, or may be acted upon twice, is sent again. `reset` is said of
 * connections that ended without a byte of a response. New connections count too: a process that is killed takes them
 * with it in its last millisecond.
 * @returns null: it is not sent again
 */
export function retryReason(attempt: FailedAttempt): RetryReason | null {
  if (!attempt.repeatable) return null;
  if (attempt.unsent) return 'connect';
  return attempt.reason === 'reset' && attempt.idempotent ? 'reset' : null;
}

/** Where a request that may be sent again can go. */
export interface Choices {
  /** It has been sent again to the same version before: that happens once. */
  readonly retried: boolean;
  /** The version has an endpoint to send it to: after a failed connect another one, as the same would refuse again. */
  readonly another: boolean;
  /** The version counts as usable all the same. */
  readonly usable: boolean;
  /** A version that falls in is usable, and none has before: that happens once, too. */
  readonly fallback: boolean;
}

/** So at most three attempts: the request itself, one more at the same version, one at the version that falls in. */
export function nextAttempt(choices: Choices): 'same' | 'fallback' | 'none' {
  if (choices.another && !choices.retried && (choices.usable || !choices.fallback)) return 'same';
  return choices.fallback ? 'fallback' : 'none';
}
