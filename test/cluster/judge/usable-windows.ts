import type { TimeWindow } from './time-window.ts';
import { TOLERANCE_MS } from './tolerance.ts';
import type { UsableInterval } from './usable-interval.ts';

/** What is shorter has no request that lies 200 ms within it for certain. */
const SHORTEST_MS = 2 * TOLERANCE_MS + 200;

/** The parts of a window in which a version had at least one usable Pod, in order. */
export function usableWindows(
  { name, from, until }: TimeWindow,
  hash: string,
  intervals: readonly UsableInterval[],
): readonly TimeWindow[] {
  const own = intervals
    .filter((interval) => interval.hash === hash)
    .map(({ usableFrom, unusableAt }) => ({
      from: Math.max(from, usableFrom),
      until: Math.min(until, unusableAt ?? Number.POSITIVE_INFINITY),
    }))
    .sort((a, b) => a.from - b.from);
  const windows: TimeWindow[] = [];
  for (const next of own) {
    const last = windows.at(-1);
    if (last === undefined || next.from > last.until) windows.push({ name, ...next });
    else windows.splice(-1, 1, { ...last, until: Math.max(last.until, next.until) });
  }
  return windows.filter((window) => window.until - window.from >= SHORTEST_MS);
}
