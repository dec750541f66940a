import type { AnalysisQuery } from './query.ts';
import type { Block } from './statistics/block.ts';
import { judgeDistribution } from './statistics/distribution.ts';
import { judgeErrorRate } from './statistics/error-rate.ts';
import type { Evidence } from './statistics/evidence.ts';
import { judgeQuantile } from './statistics/quantile.ts';

/** What versions can be compared by. */
export const METRICS = ['error-rate', 'latency-p50', 'latency-p95', 'latency-p99', 'latency-distribution'] as const;
export type MetricName = (typeof METRICS)[number];

type Margins = Pick<AnalysisQuery, 'errorRateMargin' | 'latencyMargin' | 'alpha'>;

const QUANTILES: Readonly<Partial<Record<MetricName, number>>> = {
  'latency-p50': 0.5,
  'latency-p95': 0.95,
  'latency-p99': 0.99,
};

/** How much worse a candidate may be by this metric: a difference of rates, or a relative change of latency. */
export function marginOf(metric: MetricName, { errorRateMargin, latencyMargin }: Margins): number {
  return metric === 'error-rate' ? errorRateMargin : latencyMargin;
}

/** @param blocks in the order of their ends */
export function judge(metric: MetricName, blocks: readonly Block[], query: Margins): Evidence {
  const { alpha } = query;
  const margin = marginOf(metric, query);
  if (metric === 'error-rate') return judgeErrorRate(blocks, { margin, alpha });
  const quantile = QUANTILES[metric];
  if (quantile === undefined) return judgeDistribution(blocks, { margin, alpha });
  return judgeQuantile(blocks, { quantile, margin, alpha });
}
