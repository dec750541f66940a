/** The longest wait for each kind of failure, in first waits. */
const LONGEST = { unreachable: 10, denied: 300, other: 100 } as const;
/** A server that asks for more would leave Headgate blind for too long. */
const LONGEST_RETRY_AFTER = 60_000;

/**
 * How long to wait before the next attempt, in milliseconds: twice as long after each failure, with jitter, so that many
 * clients of one server do not come back together.
 *
 * @param attempts that failed one after the other, from 1
 * @param why `unreachable`: an attempt costs nobody anything, and the server must be found soon when it is back;
 *   `denied`: only somebody's decision changes it
 */
export function backoff(
  attempts: number,
  why: keyof typeof LONGEST,
  firstMs: number,
  retryAfterMs: number,
  random: () => number = Math.random,
): number {
  const most = Math.min(2 ** (attempts - 1), LONGEST[why]) * firstMs;
  return Math.max(most * (0.5 + random() / 2), Math.min(retryAfterMs, LONGEST_RETRY_AFTER));
}
