import type { Block, Durations } from '../../../src/analysis/statistics/block.ts';

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
