import { analysisRuns, told } from './analysis.ts';
import type { Api, Manifest } from './api.ts';
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
  /** `spec.strategy`, as YAML. */
  readonly strategy: string;
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

/** One Pod of each version. The Services are `NAME` and `NAME-canary`. */
export function judgedApplication({ name, stable, strategy }: JudgedRollout): readonly Manifest[] {
  const spec = `replicas: 1\nstrategy:\n${indented(strategy)}`;
  return application({ name, spec, services: [name, `${name}-canary`], image: `shop:${stable}` });
}

/** A canary with these steps, which is gone a second after an abort; `more` is what else there is to say of it. */
export function canaryStrategy(name: string, steps: string, more = ''): string {
  return `canary:
  stableService: ${name}
  canaryService: ${name}-canary
  trafficRouting: {}
  scaleDownDelaySeconds: 1
  abortScaleDownDelaySeconds: 1
  steps:
${indented(steps)}
${indented(more)}`;
}

function indented(yaml: string): string {
  return yaml.replaceAll(/^/gm, '  ');
}

/** Brings the new version out and resolves with what became of it, and with the AnalysisRuns that say why. */
export async function judged(
  context: Context,
  { name, canary }: Pick<JudgedRollout, 'name' | 'canary'>,
): Promise<Judgement> {
  const rollout = context.rollout(name);
  await rollout.setImage(`shop:${canary}`);
  const before = await rollout.get();
  const end = await rollout.until('decided', (object) => decisionOf(object) !== null, TIMEOUT_MS);
  const decision = decisionOf(end);
  if (decision === null) throw new Error('unreachable: it was waited for');
  const hash = end.status?.currentPodHash ?? '';
  // One in the background is ended after the Rollout.
  const runs = await context.api.retry(() => endedRuns(context.api, name, hash));
  const { phase = '', message } = end.status ?? {};
  context.step(`${name}: ${decision}: ${phase}${message === undefined ? '' : `, ${message}`}`);
  for (const run of runs) context.step(`  ${run.metadata.name} ${told(run)}`);
  return { decision, stable: before.status?.stableRS ?? '', canary: hash, runs };
}

/** @throws Error while one of them still runs */
async function endedRuns(api: Api, owner: string, hash: string): Promise<readonly AnalysisRun[]> {
  const runs = await analysisRuns(api, owner, hash);
  const running = runs.find(({ status }) => ['Running', 'Pending', ''].includes(status?.phase ?? ''));
  if (running !== undefined) throw new Error(`the AnalysisRun ${running.metadata.name} does not end: ${told(running)}`);
  return runs;
}

/** Null: it is still on its way. */
export function decisionOf({ status }: Rollout): Decision | null {
  if (status?.abort === true && status.phase === 'Degraded') return 'aborted';
  if (status?.pauseConditions?.some(({ reason }) => reason === 'InconclusiveAnalysisRun') === true) return 'paused';
  return status?.phase === 'Healthy' && status.stableRS === status.currentPodHash ? 'promoted' : null;
}
