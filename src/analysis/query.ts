import { suggest } from '../common/suggest.ts';
import { METRICS, type MetricName } from './metrics.ts';

/** What `/api/analysis` is asked for. */
export interface AnalysisQuery {
  readonly route: string | null;
  readonly rollout: ObjectName | null;
  readonly experiment: ObjectName | null;
  /** A role, a hash, a template or a static version's name; null: what the route's strategy calls the new version. */
  readonly candidate: string | null;
  /** The same; null: what the route's strategy calls production. */
  readonly baseline: string | null;
  readonly metrics: readonly MetricName[];
  /** 0.01 is one point. */
  readonly errorRateMargin: number;
  /** 0.2 is 20 % slower. */
  readonly latencyMargin: number;
  /** Of each version. */
  readonly minimumSamples: number;
  readonly alpha: number;
}

/** `namespace` null: not written. */
export interface ObjectName {
  readonly namespace: string | null;
  readonly name: string;
}

const PARAMETERS = [
  'route',
  'rollout',
  'experiment',
  'candidate',
  'baseline',
  'metrics',
  'errorRateMargin',
  'latencyMargin',
  'minimumSamples',
  'alpha',
] as const;
type Parameter = (typeof PARAMETERS)[number];

const DEFAULT_METRICS: readonly MetricName[] = ['error-rate', 'latency-p95'];
const NUMBERS = {
  errorRateMargin: { default: 0.01, least: 0, most: 0.99, example: '0.01 for one point' },
  latencyMargin: { default: 0.2, least: 0, most: 10, example: '0.2 for 20 %' },
  minimumSamples: { default: 100, least: 1, most: 1e9, example: '100' },
  alpha: { default: 0.05, least: 0.0001, most: 0.5, example: '0.05' },
} as const;

class Mistake extends Error {}

/** A string says in one line what is wrong, and what to write instead. */
export function analysisQuery(given: URLSearchParams): AnalysisQuery | string {
  try {
    return parse(values(given));
  } catch (error) {
    if (error instanceof Mistake) return error.message;
    throw error;
  }
}

function values(given: URLSearchParams): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of given) {
    if (!PARAMETERS.some((known) => known === name)) {
      const near = suggest(name, PARAMETERS);
      const remedy = near === null ? `there are ${PARAMETERS.join(', ')}` : `did you mean ${near}?`;
      throw new Mistake(`unknown parameter ${shown(name)}: ${remedy}`);
    }
    if (found.has(name)) throw new Mistake(`${name} is there twice: write it once`);
    if (value === '') throw new Mistake(`${name} is empty: give it a value, or leave it out`);
    found.set(name, value);
  }
  return found;
}

function parse(given: ReadonlyMap<string, string>): AnalysisQuery {
  const text = (name: Parameter) => given.get(name) ?? null;
  if (!given.has('route') && !given.has('rollout') && !given.has('experiment')) {
    throw new Mistake(
      'nothing is asked for: write route=NAME, rollout=[NAMESPACE/]NAME or experiment=[NAMESPACE/]NAME',
    );
  }
  const minimumSamples = number(given, 'minimumSamples');
  if (!Number.isInteger(minimumSamples)) throw new Mistake('minimumSamples must be a whole number: write 100');
  return {
    route: text('route'),
    rollout: objectName(given, 'rollout'),
    experiment: objectName(given, 'experiment'),
    candidate: text('candidate'),
    baseline: text('baseline'),
    metrics: metrics(text('metrics')),
    errorRateMargin: number(given, 'errorRateMargin'),
    latencyMargin: number(given, 'latencyMargin'),
    minimumSamples,
    alpha: number(given, 'alpha'),
  };
}

function objectName(given: ReadonlyMap<string, string>, parameter: Parameter): ObjectName | null {
  const value = given.get(parameter);
  if (value === undefined) return null;
  const [first = '', second, ...rest] = value.split('/');
  if (first === '' || second === '' || rest.length > 0) {
    throw new Mistake(`${parameter} is no name: ${shown(value)}: write NAME or NAMESPACE/NAME`);
  }
  return second === undefined ? { namespace: null, name: first } : { namespace: first, name: second };
}

function metrics(value: string | null): readonly MetricName[] {
  if (value === null) return DEFAULT_METRICS;
  const names = new Set<MetricName>();
  for (const written of value.split(',').map((name) => name.trim())) {
    const metric = METRICS.find((name) => name === written);
    if (metric === undefined) throw new Mistake(`unknown metric ${shown(written)}: there are ${METRICS.join(', ')}`);
    names.add(metric);
  }
  return [...names];
}

function number(given: ReadonlyMap<string, string>, name: keyof typeof NUMBERS): number {
  const { default: usual, least, most, example } = NUMBERS[name];
  const text = given.get(name);
  if (text === undefined) return usual;
  const value = Number(text);
  if (!/^[\d.eE+-]+$/.test(text) || Number.isNaN(value)) {
    throw new Mistake(`${name} is no number: ${shown(text)}: write ${example}`);
  }
  if (value < least || value > most) {
    throw new Mistake(`${name} must be from ${least} to ${most}, not ${shown(text)}: write ${example}`);
  }
  return value;
}

/** In quotes, and no longer than a line may be. */
function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
