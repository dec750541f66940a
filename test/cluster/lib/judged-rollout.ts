import { analysisRuns, told } from './analysis.ts';
import type { Manifest } from './api.ts';
import { application } from './application.ts';
import type { AnalysisRun, Rollout } from './objects.ts';
import type { Context } from './scenario.ts';

/** What the controller makes of a new version: the Rollout goes on to its end, goes back, or waits for a person. */
export type Decision = 'promoted' | 'aborted' | 'paused';

/** A Rollout whose new version an analysis judges. */
export interface JudgedRollout {
  readonly name: string;
  /** The tags of the images: what the versions are like (`pod-app.ts`). */
  readonly stable: string;
  readonly canary: string;
  /** The steps, as YAML. */
  readonly steps: string;
}

export interface Judgement {
  readonly decision: Decision;
  /** The pod template hashes. */
  readonly stable: string;
  readonly canary: string;
  readonly runs: readonly AnalysisRun[];
}

/** How long an analysis may take. */
const TIMEOUT_MS = 120_000;

/** One Pod of each version, and a canary that is gone a second after an abort. */
export function judgedApplication({ name, stable, steps }: JudgedRollout): readonly Manifest[] {
  const spec = `
replicas: 1
strategy:
  canary:
    stableService: ${name}
    canaryService: ${name}-canary
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 1
    steps:
${steps.replaceAll(/^/gm, '      ')}
`;
  return application({ name, spec, services: [name, `${name}-canary`], image: `shop:${stable}` });
}

/** Brings the new version out and resolves with what became of it, and with the AnalysisRuns that say why. */
export async function judged(context: Context, { name, canary }: JudgedRollout): Promise<Judgement> {
  const rollout = context.rollout(name);
  await rollout.setImage(`shop:${canary}`);
  const before = await rollout.get();
  const end = await rollout.until('decided', (object) => decisionOf(object) !== null, TIMEOUT_MS);
  const decision = decisionOf(end);
  if (decision === null) throw new Error('unreachable: it was waited for');
  const hash = end.status?.currentPodHash ?? '';
  const runs = await analysisRuns(context.api, name, hash);
  const { phase = '', message } = end.status ?? {};
  context.step(`${name}: ${decision}: ${phase}${message === undefined ? '' : `, ${message}`}`);
  for (const run of runs) context.step(`  ${run.metadata.name} ${told(run)}`);
  return { decision, stable: before.status?.stableRS ?? '', canary: hash, runs };
}

/** Null: it is still on its way. */
export function decisionOf({ status }: Rollout): Decision | null {
  if (status?.abort === true && status.phase === 'Degraded') return 'aborted';
  if (status?.pauseConditions?.some(({ reason }) => reason === 'InconclusiveAnalysisRun') === true) return 'paused';
  return status?.phase === 'Healthy' && status.stableRS === status.currentPodHash ? 'promoted' : null;
}
