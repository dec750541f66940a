import { analysisOf, HASHES, templates } from '../lib/analysis-templates.ts';
import { canaryStrategy, type Decision, type JudgedRollout, judged, judgedApplication } from '../lib/judged-rollout.ts';
import { defineScenario } from '../lib/scenario.ts';

interface Case {
  readonly name: string;
  readonly canary: string;
  readonly decision: Decision;
  /** Requests a second; none: nobody comes. */
  readonly rate?: number;
}

const CASES: readonly Case[] = [
  { name: 'good', canary: 'v2-takes-40', decision: 'promoted', rate: 80 },
  { name: 'errors', canary: 'v2-takes-40-errors-10', decision: 'aborted', rate: 40 },
  { name: 'slow', canary: 'v2-takes-80', decision: 'aborted', rate: 40 },
  { name: 'masked', canary: 'v2-takes-40-refuses', decision: 'aborted', rate: 40 },
  { name: 'idle', canary: 'v2-takes-40', decision: 'paused' },
];

/** Headgate's own judgement, of two replicas together, by the shipped template and the web provider. No Prometheus. */
export const scenario = defineScenario({
  name: 'analysis-verdict',
  ownClusterOnly: 'its analyses ask Headgate by the name of a Service, and its images are slow or faulty on purpose',
  run: async (context) => {
    const { api, headgate, namespace, traffic: start, step, fail } = context;
    const rollouts = CASES.map(
      ({ name, canary, rate }): JudgedRollout => ({
        name,
        stable: 'v1-takes-40',
        canary,
        strategy: canaryStrategy(name, steps(namespace, name, rate === undefined ? 4 : 18)),
      }),
    );
    await api.apply([templates('headgate-verdict'), ...rollouts.flatMap(judgedApplication)]);
    await Promise.all(rollouts.map(({ name }) => context.rollout(name).healthy()));
    const proxy = await headgate();
    const streams = CASES.flatMap(({ name, rate }) => (rate === undefined ? [] : [{ name, rate, host: name }]));
    const traffic = start({ to: proxy, streams, faulty: ['v2-takes-40-errors-10'] });
    step('new versions');
    const versions = await Promise.all(
      rollouts.map(async (rollout, index) => {
        const { name, decision: wanted } = CASES[index] ?? { name: '', decision: 'paused' };
        const { decision, stable, canary } = await judged(context, rollout);
        if (decision !== wanted) fail(`${name} was to be ${wanted}, and is ${decision}`);
        const answers = traffic.load.records.filter(({ stream }) => stream === name);
        const seen = answers.filter(({ status }) => status !== 200).length;
        step(`${name}: clients saw ${seen} errors in ${answers.length} answers`);
        return [name, decision === 'promoted' ? canary : stable] as const;
      }),
    );
    const left = versions.filter(([name]) => streams.some((stream) => stream.name === name));
    await traffic.expect('decided', { headers: Object.fromEntries(left), answers: 100 });
  },
});

/** Asked every five seconds, so many times. */
function steps(namespace: string, name: string, count: number): string {
  const analysis = analysisOf(['headgate-verdict'], {
    ...HASHES,
    'headgate-address': `http://headgate-admin.${namespace}:8081`,
    rollout: `${namespace}/${name}`,
    // Not the 95th percentile: that is whether this machine had time for the Pods, not what they are like.
    metrics: 'error-rate,latency-p50',
    'verdict-interval': '5s',
    'verdict-count': String(count),
    'verdict-inconclusive-limit': String(count),
  });
  return `- setWeight: 50\n- analysis: ${analysis}`;
}
