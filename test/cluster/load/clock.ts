/** Milliseconds since 1970 with a fraction: comparable between the processes of one machine, and never going back. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
