import { DURATION_BIN_COUNT } from '../telemetry/duration-bins.ts';
import { binQuantile } from '../telemetry/reading.ts';
import { rounded } from './rounded.ts';
import type { Block, Sample } from './statistics/block.ts';

/** What one version did over all blocks. Null where there is nothing to say. */
export interface Totals {
  readonly attempts: number;
  readonly failures: number;
  readonly failureRate: number | null;
  /** Requests whose duration is known. */
  readonly requests: number;
  /** Seconds. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export function totalsOf(blocks: readonly Block[], side: 'candidate' | 'baseline'): Totals {
  let attempts = 0;
  let failures = 0;
  let requests = 0;
  const all = new Float64Array(DURATION_BIN_COUNT);
  for (const block of blocks) {
    const sample: Sample = block[side];
    attempts += sample.attempts;
    failures += sample.failures;
    const { bins, counts } = sample.durations;
    for (let i = 0; i < bins.length; i++) {
      const bin = bins[i] ?? 0;
      const count = counts[i] ?? 0;
      all[bin] = (all[bin] ?? 0) + count;
      requests += count;
    }
  }
  const quantile = (q: number) => (requests === 0 ? null : rounded(binQuantile(all, q)));
  return {
    attempts,
    failures,
    failureRate: attempts === 0 ? null : rounded(failures / attempts),
    requests,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
  };
}
