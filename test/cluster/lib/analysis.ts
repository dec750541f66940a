import type { Api } from './api.ts';
import type { AnalysisRun } from './objects.ts';

/** The AnalysisRuns of a Rollout or an Experiment for the version with this hash (any, where it is left out), oldest first. */
export async function analysisRuns(api: Api, owner: string, hash?: string): Promise<readonly AnalysisRun[]> {
  const all = await api.list('AnalysisRun', hash === undefined ? '' : `rollouts-pod-template-hash=${hash}`);
  return all
    .filter(({ metadata }) => (metadata.ownerReferences ?? []).some(({ name }) => name === owner))
    .toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
}

/** Of a run, what the controller has measured: `Failed: error-rate Failed [0.1] [0.12], latency-p95 Successful [0.06]`. */
export function told({ status }: AnalysisRun): string {
  const metrics = (status?.metricResults ?? []).map(({ name, phase, measurements = [] }) => {
    const values = measurements.map((one) => saying(one.value) ?? `${one.phase}: ${one.message ?? 'no value'}`);
    return `${name} ${phase} ${values.join(' ')}`;
  });
  return `${status?.phase ?? 'not begun'}: ${metrics.join(', ')}`;
}

/** A verdict of Headgate is a long answer: its code and its sentence. */
function saying(value: string | undefined): string | undefined {
  if (value?.startsWith('{') !== true) return value?.trim();
  const { code, reason }: { code: number; reason: string } = JSON.parse(value);
  return `[${code}: ${reason}]`;
}

/** How a metric of a run has ended: `Successful`, `Failed`, `Inconclusive`, `Error`; '' where it has no such metric. */
export function phaseOf({ status }: AnalysisRun, metric: string): string {
  return status?.metricResults?.find(({ name }) => name === metric)?.phase ?? '';
}
