import { type CountersPatch, SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { seriesKey } from '../../src/telemetry/keys.ts';
import { canaryRoute, route, table, version } from './tables.ts';

export const STABLE = version('shop/talana/5d8c');
export const CANARY = version('shop/talana/7f9b', { role: 'canary' });
export const CANARY_KEY = seriesKey('talana', CANARY);
export const BOTH = table(canaryRoute());
export const ONLY_STABLE = table(route('talana', [STABLE]));
export const MINUTE = 60_000;

/** A registry with a clock that the test moves, and its workers with every patch applied. */
export function counting(workers = 1) {
  const clock = { now: 1_000 };
  const registry = new SeriesRegistry({ workers, now: () => clock.now });
  const counters: WorkerCounters[] = [];
  const patch = (patches: readonly CountersPatch[]): void => {
    for (const [slot, one] of patches.entries()) {
      const worker = counters[slot];
      if (worker === undefined) counters[slot] = new WorkerCounters(one);
      else worker.apply(one);
    }
  };
  const worker = (slot = 0): WorkerCounters => {
    const found = counters[slot];
    if (found === undefined) throw new Error('no patch yet');
    return found;
  };
  return { clock, registry, patch, worker };
}
