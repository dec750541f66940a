import { alertExpression } from '../lib/alerts.ts';
import { phaseOf } from '../lib/analysis.ts';
import { analysisOf, HASHES, templates } from '../lib/analysis-templates.ts';
import { canaryStrategy, type Decision, type JudgedRollout, judged, judgedApplication } from '../lib/judged-rollout.ts';
import type { Rollout } from '../lib/objects.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';
import type { Traffic } from '../lib/traffic.ts';

/** All that ask Prometheus about a canary. */
const METRICS = [
  'success-rate',
  'error-rate',
  'error-budget',
  'latency-p50',
  'latency-p95',
  'latency-p99',
  'latency-relative',
];

interface Case {
  readonly name: string;
  readonly canary: string;
  readonly decision: Decision;
  /** Metrics of the run that are Failed. */
  readonly because: readonly string[];
  readonly posts?: number;
  /** No request at all comes for it. */
  readonly idle?: true;
}

const CASES: readonly Case[] = [
  { name: 'good', canary: 'v2-takes-40', decision: 'promoted', because: [] },
  { name: 'errors', canary: 'v2-takes-40-errors-10', decision: 'aborted', because: ['error-budget'] },
  { name: 'slow', canary: 'v2-takes-80', decision: 'aborted', because: ['latency-relative'] },
  // Its Pod is ready, and takes no connection: stable answers.
  { name: 'masked', canary: 'v2-takes-40-refuses', decision: 'aborted', because: ['error-rate', 'success-rate'] },
  // Every second request is cut and sent again: without bodies, of which nobody knows what became.
  { name: 'retried', canary: 'v2-takes-40-resets-50', decision: 'aborted', because: ['error-rate'], posts: 0 },
  { name: 'idle', canary: 'v2-takes-40', decision: 'paused', because: [], idle: true },
];

/** The shipped AnalysisTemplates with their thresholds, run by the real controller against a real Prometheus. */
export const scenario = defineScenario({
  name: 'analysis',
  // Its thresholds are milliseconds, and another scenario's processes that start beside it take many.
  exclusive: true,
  ownClusterOnly: 'it runs a Prometheus',
  run: async (context) => {
    const { api, headgate, namespace, step, traffic: start } = context;
    const rollouts = CASES.map(
      ({ name, canary }): JudgedRollout => ({
        name,
        stable: 'v1-takes-40',
        canary,
        strategy: canaryStrategy(name, steps(namespace)),
      }),
    );
    await api.apply([templates(...METRICS), ...rollouts.flatMap(judgedApplication)]);
    await Promise.all(rollouts.map(({ name }) => context.rollout(name).healthy()));
    const proxy = await headgate();
    const prometheus = await Prometheus.start(context, 2);
    const busy = CASES.filter(({ idle }) => idle !== true);
    const streams = busy.map(({ name, posts = 0.25 }) => ({ name, rate: 40, host: name, posts }));
    const traffic = start({ to: proxy, streams, faulty: ['v2-takes-40-errors-10'] });
    // The thresholds are milliseconds: a machine that has no time for its Pods is told from a canary that is slow.
    const slowest = 'histogram_quantile(0.99, sum by (le) (rate(headgate_request_duration_seconds_bucket[5s])))';
    await prometheus.until('this machine is too busy: p99 is not below 0.25 s', slowest, (value) => value < 0.25);
    step('new versions');
    await Promise.all([
      half(context, traffic, 'good'),
      ...rollouts.map(async (rollout, index) => {
        const expected = CASES[index];
        if (expected !== undefined) await decided(context, { rollout, expected, prometheus, traffic });
      }),
    ]);
    const left = await Promise.all(
      busy.map(async ({ name, decision }) => {
        const { stable, canary } = await context.rollout(name).hashes();
        return [name, decision === 'promoted' ? canary : stable];
      }),
    );
    await traffic.expect('decided', { headers: Object.fromEntries(left), answers: 100 });
    await alerted(context, prometheus);
  },
});

/** The shipped alerts that name what is wrong with a canary. */
const ABOUT_CANARIES = [
  'HeadgateCandidateBurning',
  'HeadgateCandidateOverBudget',
  'HeadgateFallbackMasksCandidate',
  'HeadgateRetryBudgetUsedUp',
];

/** The shipped alerts about Rollouts, by what the controller says: no more and no fewer than it aborted, and each has events. */
async function alerted({ fail, namespace, step }: Context, prometheus: Prometheus): Promise<void> {
  const aborted = CASES.filter(({ decision }) => decision === 'aborted').map(({ name }) => name);
  const names = async (promql: string) =>
    (await prometheus.query(promql))
      .filter(({ labels }) => labels['namespace'] === namespace)
      .map(({ labels }) => labels['name'] ?? '')
      .sort()
      .join();
  await prometheus.until(
    'a phase of every Rollout',
    `count(rollout_info{namespace="${namespace}"})`,
    (n) => n === CASES.length,
  );
  const found = await names(alertExpression('RolloutFailed'));
  if (found !== [...aborted].sort().join()) fail(`RolloutFailed is about ${found}, not ${aborted.join()}`);
  // RolloutStalled and RolloutWaits ask for minutes without an event: here is what they would ask.
  const paused = await names('rollout_info{phase="Paused"}');
  if (paused !== 'idle') fail(`paused are ${paused} by the metrics of the controller, not idle`);
  const moved = await names('count by (namespace, name) (rollout_events_total)');
  const all = CASES.map(({ name }) => name).sort();
  if (moved !== all.join()) fail(`the controller has counted events of ${moved}, not of ${all.join()}`);
  step(`RolloutFailed: ${found}`);
  // None is about Headgate itself. All are of this Prometheus, but those about Rollouts may be another scenario's.
  for (const { labels } of await prometheus.query('ALERTS{alertname!~"Rollout.*"}')) {
    const { alertname = '', alertstate } = labels;
    if (!ABOUT_CANARIES.includes(alertname)) fail(`the alert ${alertname} is ${alertstate}`);
  }
}

/** Short windows, because Prometheus scrapes each second here; the thresholds are those of the templates. */
function steps(namespace: string): string {
  const analysis = analysisOf(METRICS, {
    ...HASHES,
    namespace,
    'prometheus-address': Prometheus.address(namespace),
    window: '20s',
    'budget-window': '20s',
    'initial-delay': '20s',
    interval: '5s',
    count: '3',
  });
  return `- setWeight: 50\n- analysis: ${analysis}`;
}

/** Demands that a canary has its half of the traffic while it is judged. */
async function half(context: Context, traffic: Traffic, name: string): Promise<void> {
  const inAnalysis = ({ status }: Rollout) => status?.currentStepIndex === 1;
  await context.rollout(name).until('in the analysis', inAnalysis);
  const { stable, canary } = await context.rollout(name).hashes();
  const weights = { [stable]: 50, [canary]: 50 };
  await traffic.expect(`${name} while it is judged`, { weights, streams: [name], answers: 200 });
}

interface Watched {
  readonly rollout: JudgedRollout;
  readonly expected: Case;
  readonly prometheus: Prometheus;
  readonly traffic: Traffic;
}

async function decided(context: Context, { rollout, expected, prometheus, traffic }: Watched): Promise<void> {
  const { fail, step } = context;
  const { name, decision, because } = expected;
  const judgement = await judged(context, rollout);
  const { canary, runs } = judgement;
  if (judgement.decision !== decision) fail(`${name} was to be ${decision}, and is ${judgement.decision}`);
  const [run] = runs;
  const wanted = { promoted: 'Successful', aborted: 'Failed', paused: 'Inconclusive' }[decision];
  if (run?.status?.phase !== wanted) fail(`${name}: the run was to be ${wanted}, and is ${run?.status?.phase}`);
  const failed = METRICS.filter((metric) => run !== undefined && phaseOf(run, metric) === 'Failed');
  if (!because.every((metric) => failed.includes(metric)))
    fail(`${name}: Failed are ${failed.join()}, not ${because.join()}`);
  if (decision === 'promoted') return;

  // Nothing comes to it any more, so it was charged with what it has answered, once what was under way has ended; and who saw
  // none of its failures saw all of them answered by somebody else.
  const answers = () => traffic.load.records.filter(({ stream }) => stream === name);
  const own = (holds: (status: number | null) => boolean) =>
    answers().filter(({ hash, status }) => hash === canary && holds(status)).length;
  const sum = (outcome: string) => `sum(headgate_attempts_total{version="${canary}",outcome="${outcome}"})`;
  await prometheus.until(
    `${name}: not the errors that clients have seen`,
    sum('error'),
    (value) => value === own((status) => status === 500),
  );
  await prometheus.until(
    `${name}: not the good answers that clients have seen`,
    sum('ok'),
    (value) => value === own((status) => status === 200),
  );
  const outcomes = await prometheus.query(`sum by (outcome) (headgate_attempts_total{version="${canary}"}) > 0`);
  const attempts = outcomes.map(({ labels, value }) => `${value} ${labels['outcome']}`).join(', ');
  const all = answers();
  const seen = all.filter(({ status }) => status !== 200).length;
  step(`${name}: attempts at the canary: ${attempts || 'none'}; clients saw ${seen} errors in ${all.length} answers`);
}
