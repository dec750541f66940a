import type { Block, Durations, Sample } from '../../../src/analysis/statistics/block.ts';

const NONE: Durations = { bins: [], counts: [] };

/** A block of attempts alone. */
export function attempts(candidate: readonly [number, number], baseline: readonly [number, number]): Block {
  return {
    candidate: { attempts: candidate[0], failures: candidate[1], durations: NONE },
    baseline: { attempts: baseline[0], failures: baseline[1], durations: NONE },
  };
}

/** The probability of `events` among `requests`. */
export function binomial(requests: number, events: number, rate: number): number {
  let probability = 1;
  for (let i = 0; i < events; i++) probability *= ((requests - i) / (i + 1)) * rate;
  return probability * (1 - rate) ** (requests - events);
}

/** A histogram of bins, one duration each. */
export function durations(bins: readonly number[]): Durations {
  const counts = new Map<number, number>();
  for (const bin of bins) counts.set(bin, (counts.get(bin) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return { bins: sorted.map(([bin]) => bin), counts: sorted.map(([, count]) => count) };
}

/** A sample of answers, all good. */
export function answered(bins: readonly number[]): Sample {
  return { attempts: bins.length, failures: 0, durations: durations(bins) };
}
