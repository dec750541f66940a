import { judge, type MetricName, marginOf } from './metrics.ts';
import type { AnalysisQuery } from './query.ts';
import { rounded } from './rounded.ts';
import type { Block } from './statistics/block.ts';
import type { Evidence } from './statistics/evidence.ts';
import { type Totals, totalsOf } from './totals.ts';
import { sentence } from './words.ts';

export type VerdictName = 'pass' | 'fail' | 'inconclusive';

/** For conditions that compare numbers. */
export const CODES: Readonly<Record<VerdictName, 1 | 0 | -1>> = { pass: 1, inconclusive: 0, fail: -1 };

export interface MetricVerdict {
  readonly name: MetricName;
  readonly verdict: VerdictName;
  readonly code: 1 | 0 | -1;
  readonly reason: string;
  readonly estimate: number | null;
  /** Null: nothing bounds it. */
  readonly interval: readonly [number | null, number | null];
  readonly margin: number;
  readonly evidence: {
    /** E-values, and where they decide. */
    readonly worse: number;
    readonly failsAt: number;
    readonly notWorse: number;
    readonly passesAt: number;
    /** What was compared: attempts, or requests whose duration is known. */
    readonly compared: Evidence['compared'];
  };
}

export interface Verdict {
  readonly verdict: VerdictName;
  readonly reason: string;
  readonly candidate: Totals;
  readonly baseline: Totals;
  readonly metrics: readonly MetricVerdict[];
}

/** The versions' names, for sentences. */
export interface Names {
  readonly candidate: string;
  readonly baseline: string;
}

/**
 * Any metric that fails makes the whole fail; all have to pass for it to pass. For the chance of a false alarm to be alpha
 * whatever the number of metrics, each may fail at alpha over their number only (Bonferroni). Passing needs no such care:
 * a candidate that is worse by any of them has to pass that one too.
 * @param blocks in the order of their ends
 */
export function verdictOf(blocks: readonly Block[], query: AnalysisQuery, names: Names): Verdict {
  const candidate = totalsOf(blocks, 'candidate');
  const baseline = totalsOf(blocks, 'baseline');
  const metrics = query.metrics.map((name) => {
    const short = shortage(name, query, { candidate, baseline }, names);
    return metricVerdict(name, judge(name, blocks, query), query, names, short);
  });
  const verdict = overall(metrics);
  return { verdict, reason: reasonOf(verdict, metrics, names), candidate, baseline, metrics };
}

function metricVerdict(
  name: MetricName,
  evidence: Evidence,
  query: AnalysisQuery,
  names: Names,
  short: string | null,
): MetricVerdict {
  const { alpha, metrics } = query;
  const margin = marginOf(name, query);
  const { estimate, worse, notWorse, compared } = evidence;
  const interval = ordered(evidence.interval);
  const failsAt = metrics.length / alpha;
  const passesAt = 1 / alpha;
  let verdict: VerdictName = 'inconclusive';
  if (short === null && worse >= failsAt) verdict = 'fail';
  else if (short === null && notWorse >= passesAt) verdict = 'pass';
  const said = sentence({ metric: name, ...names, margin, evidence: { estimate, interval } });
  // The interval is about the whole time, and the bets about any part of it: a version that turned bad late.
  const late = verdict === 'fail' && interval[0] <= margin ? '; for a part of the time it was worse' : '';
  const undecided = verdict === 'inconclusive' ? `not enough to tell yet: ${said}` : `${said}${late}`;
  return {
    name,
    verdict,
    code: CODES[verdict],
    reason: short ?? undecided,
    estimate: estimate === null ? null : rounded(estimate),
    interval: [finite(interval[0]), finite(interval[1])],
    margin,
    evidence: { worse: rounded(worse), failsAt, notWorse: rounded(notWorse), passesAt, compared },
  };
}

/** Who has had too few samples; null: both have enough. */
function shortage(
  metric: MetricName,
  { minimumSamples }: AnalysisQuery,
  totals: Record<keyof Names, Totals>,
  names: Names,
): string | null {
  for (const side of ['candidate', 'baseline'] as const) {
    const [count, what] =
      metric === 'error-rate' ? [totals[side].attempts, 'attempts'] : [totals[side].requests, 'requests'];
    if (count < minimumSamples)
      return `${names[side]} has had ${count} of the ${minimumSamples} ${what} that minimumSamples asks for`;
  }
  return null;
}

function overall(metrics: readonly MetricVerdict[]): VerdictName {
  if (metrics.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return metrics.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'inconclusive';
}

function reasonOf(verdict: VerdictName, metrics: readonly MetricVerdict[], { candidate, baseline }: Names): string {
  const first = metrics.find((metric) => metric.verdict === verdict)?.reason ?? '';
  if (verdict !== 'pass' || metrics.length === 1) return first;
  return `${candidate} is not worse than ${baseline} by more than the margins: ${metrics.map(({ name }) => name).join(', ')}`;
}

/** Where no single difference explains both an early and a late time, either bound excludes the other: what lies between is told. */
function ordered([a, b]: readonly [number, number]): readonly [number, number] {
  return a <= b ? [a, b] : [b, a];
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? rounded(value) : null;
}
