/** An attempt whose connection closed without a whole response. */
export interface FailedAttempt {
  readonly method: string;
  /** Whether the connection had answered a request before this one. */
  readonly reused: boolean;
  /** Whether a byte of a response had come. */
  readonly answerBegun: boolean;
  /** Whether not even the request's head could be handed to the kernel. */
  readonly nothingWritten: boolean;
  /** Whether the attempt ended because the client gave up. */
  readonly timedOut: boolean;
}

/**
 * Whether a careful client sends the request again, on another connection: a kept connection that closes may only have
 * reached its idle time, so a request on it that is safe, or that never left, is repeated (RFC 9110 9.2.2, RFC 9112 9.3.1;
 * the rule is `shouldRetryRequest` of Go's `net/http`). A connection of its own, made for this request, has no such excuse.
 */
export function mayRepeat({ method, reused, answerBegun, nothingWritten, timedOut }: FailedAttempt): boolean {
  if (!reused || answerBegun || timedOut) return false;
  return nothingWritten || method === 'GET' || method === 'HEAD';
}
