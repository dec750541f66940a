import type { MetricName } from './metrics.ts';
import type { Evidence } from './statistics/evidence.ts';

/** What a sentence about one metric is made of. */
export interface Finding {
  readonly metric: MetricName;
  /** The versions' names. */
  readonly candidate: string;
  readonly baseline: string;
  readonly margin: number;
  readonly evidence: Pick<Evidence, 'estimate' | 'interval'>;
}

/**
 * `7f9b fails 3.1 points more often than 5d8c (+1.2 to +5.4 points), where 1 point is allowed`,
 * `the p95 of 7f9b is 35 % longer than that of 5d8c (+22 % to +51 %), where 20 % is allowed`
 */
export function sentence(finding: Finding): string {
  const { metric, candidate, baseline, margin, evidence } = finding;
  const { estimate, interval } = evidence;
  const [low, high] = interval;
  if (estimate === null) return withoutEstimate(finding);
  const amount = hundredths(Math.abs(estimate));
  if (metric === 'error-rate') {
    const often = amount === '0' ? 'as often as' : `${points(amount)} ${estimate < 0 ? 'less' : 'more'} often than`;
    const range = `(${signed(low)} to ${signed(high)} points)`;
    const allowed = hundredths(margin);
    return `${candidate} fails ${often} ${baseline} ${range}, where ${points(allowed)} ${allowed === '1' ? 'is' : 'are'} allowed`;
  }
  const long = amount === '0' ? 'as long as' : `${amount} % ${estimate < 0 ? 'shorter' : 'longer'} than`;
  const range = `(${signed(low)} % to ${Number.isFinite(high) ? `${signed(high)} %` : 'anything'})`;
  const allowed = `${hundredths(margin)} % is allowed`;
  if (metric === 'latency-distribution') {
    const taken = amount === '0' ? 'as long as' : `${amount} % ${estimate < 0 ? 'less' : 'more'} time than`;
    return `requests to ${candidate} take ${taken} those to ${baseline} ${range}, where ${allowed}`;
  }
  return `the ${metric.replace('latency-', '')} of ${candidate} is ${long} that of ${baseline} ${range}, where ${allowed}`;
}

/** Beyond 16 times as long, and a sixteenth, only the interval says something. */
function withoutEstimate({ metric, candidate, baseline, margin, evidence: { interval } }: Finding): string {
  const [low, high] = interval;
  if (metric === 'error-rate' || (low <= 0 && high >= 0)) {
    return `${candidate} and ${baseline} have no ${metric} yet that can be compared`;
  }
  const least = low > 0 ? `${hundredths(low)} % longer` : `${hundredths(-high)} % shorter`;
  const what = metric === 'latency-distribution' ? 'usual latency' : metric.replace('latency-', '');
  return `the ${what} of ${candidate} is at least ${least} than that of ${baseline}, where ${hundredths(margin)} % is allowed`;
}

/** Of a hundred, with two digits that say something. */
function hundredths(share: number): string {
  return String(Number((share * 100).toPrecision(2)));
}

function points(amount: string): string {
  return amount === '1' ? '1 point' : `${amount} points`;
}

function signed(difference: number): string {
  return `${difference > 0 ? '+' : ''}${hundredths(difference)}`;
}
