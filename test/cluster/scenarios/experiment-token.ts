import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { example } from '../lib/example.ts';
import { fallbacks } from '../lib/fallbacks.ts';
import type { HeadgateDeployment } from '../lib/headgate-deployment.ts';
import type { Experiment } from '../lib/objects.ts';
import { podsGone } from '../lib/pods-gone.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';
import type { Traffic } from '../lib/traffic.ts';

const EXPERIMENT = 'demo-microservice-experiment';
const HEADER = 'aws-cf-cd-super-svp-9f8b7a6d';
const TOKEN = '123e4567-e89b-12d3-a456-42661417400';
/** The labels of the Experiment's Pods. */
const PODS = 'tier=experiment';

/**
 * Fails the Experiment while its Pod is ready, and stays so: a POST to a Pod of production answers with the length of its
 * body, which is never below 0.
 */
const NEVER_GOOD = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: never-good }
spec:
  args: [{ name: pod }]
  metrics:
    - name: never-good
      initialDelay: 4s
      successCondition: result < 0
      provider:
        web: { url: "http://{{args.pod}}:3000/", method: POST, body: "hello", jsonPath: "{$.length}" }
`;

/** The example of the demo microservice: an Experiment by token beside a blue-green production, in each way that it can end. */
export const scenario = defineScenario({
  name: 'experiment-token',
  run: async (context) => {
    const { api, headgate, rollout: driver, step, traffic: start } = context;
    const { manifests, config } = example('demo-microservice-experiment');
    await api.apply(manifests);
    await api.apply(NEVER_GOOD);
    const rollout = driver('demo-microservice');
    await rollout.healthy();
    await inPhase(context, 'Running');
    const proxy = await headgate({ config });
    const host = 'demo-microservice';
    const traffic = start({
      to: proxy,
      streams: [
        { name: 'production', rate: 100, host },
        { name: 'token', rate: 30, host, headers: { [HEADER]: TOKEN } },
        { name: 'by name', rate: 10, host, headers: { [HEADER]: EXPERIMENT } },
        { name: 'unknown', rate: 10, host, headers: { [HEADER]: 'nobody' } },
        { name: 'preview', rate: 10, host, headers: { 'x-preview': 'true' } },
      ],
    });
    const states = new States(context, proxy, traffic);
    const { stable: v1 } = await rollout.hashes();

    step('running, while production goes from v1 to v2');
    const candidate = await hashOf(context);
    const onCandidate = traffic.throughout('the token, whatever production does', { token: candidate });
    await states.running('running', v1, candidate);
    await rollout.setImage('demo-microservice:v1.1.0');
    await rollout.pausedBeforeSwitch();
    const { canary: v2 } = await rollout.hashes();
    await states.running('running beside v2 as preview', v1, candidate, v2);
    await rollout.promote();
    await rollout.healthy();
    await states.running('running beside v2', v2, candidate, v2);
    onCandidate();

    step('terminated, then deleted');
    const production = traffic.throughout('production, whatever Experiments do', { production: v2, unknown: v2 });
    await api.patch('Experiment', EXPERIMENT, { spec: { terminate: true } });
    await inPhase(context, 'Successful');
    await states.fallenBack('terminated, with a ready Pod', v2, 'not_running');
    await aPodIsReady(context);
    await deleted(context);
    await states.fallenBack('deleted', v2, 'absent');

    step('ended by its duration');
    await create(context, { duration: '5s' });
    await inPhase(context, 'Running');
    const short = await hashOf(context);
    await states.running('the short one', v2, short, v2, 150);
    await inPhase(context, 'Successful');
    await states.fallenBack('its duration is over', v2, 'not_running');
    await deleted(context);

    step('deleted while it runs');
    await create(context, {});
    await inPhase(context, 'Running');
    await states.running('the one to delete', v2, await hashOf(context), v2, 150);
    await api.delete('Experiment', EXPERIMENT);
    await states.fallenBack('deleted while it ran', v2, 'absent');

    step('never ready');
    await podsGone(api, PODS);
    await create(context, { progressDeadlineSeconds: 4 }, 'demo-microservice:broken');
    await inPhase(context, 'Pending');
    await states.fallenBack('not ready yet', v2, 'not_running', 150);
    await inPhase(context, 'Failed');
    await states.fallenBack('never got ready', v2, 'not_running');
    await deleted(context);

    step('failed by its analysis, with a ready Pod');
    const [pod] = await api.list('Pod', 'tier=production');
    const args = [{ name: 'pod', value: pod?.status?.podIP ?? '' }];
    await create(context, { analyses: [{ name: 'never-good', templateName: 'never-good', args }] });
    await inPhase(context, 'Running');
    await states.running('about to fail', v2, await hashOf(context), v2, 100);
    await inPhase(context, 'Failed');
    await states.fallenBack('failed', v2, 'not_running');
    await aPodIsReady(context);
    production();
  },
});

/** What is demanded of the streams in each state of the Experiment. */
class States {
  readonly #context: Context;
  readonly #proxy: HeadgateDeployment;
  readonly #traffic: Traffic;

  constructor(context: Context, proxy: HeadgateDeployment, traffic: Traffic) {
    this.#context = context;
    this.#proxy = proxy;
    this.#traffic = traffic;
  }

  /** Its header leads to the Experiment, every other request to production. */
  async running(name: string, active: string, candidate: string, preview = active, answers = 200): Promise<void> {
    await this.#traffic.expect(name, {
      weights: { [active]: 100 },
      streams: ['production', 'unknown'],
      headers: { token: candidate, 'by name': candidate, preview },
      answers,
    });
  }

  /** Production answers, and each request with the token is counted with this reason, and with no other. */
  async fallenBack(name: string, active: string, reason: 'not_running' | 'absent', answers = 200): Promise<void> {
    // What was under way when the state changed is answered, and counted, as it was before.
    await sleep(300);
    const { records } = this.#traffic.load;
    const before = await fallbacks(this.#proxy);
    const begin = records.length;
    await this.#traffic.expect(name, {
      weights: { [active]: 100 },
      streams: ['production', 'unknown'],
      headers: { token: active, 'by name': active },
      answers,
    });
    const asked = records.slice(begin).filter(({ stream }) => stream === 'token').length;
    const after = await fallbacks(this.#proxy);
    for (const [key, count] of Object.entries(after)) {
      if (!key.startsWith('experiment to')) continue;
      const counted = count - (before[key] ?? 0);
      const wanted = key === `experiment to active: ${reason}` ? asked : 0;
      this.#context.assert(
        wanted === 0 ? counted === 0 : counted >= wanted,
        `${name}: ${counted} times ${key}, not ${wanted}`,
      );
    }
  }
}

async function inPhase({ api }: Context, phase: string): Promise<Experiment> {
  return api.until('Experiment', EXPERIMENT, phase, ({ status }) => status?.phase === phase, 30_000);
}

/** The hash of its only template. */
async function hashOf({ api }: Context): Promise<string> {
  const [pod] = await api.list('Pod', PODS);
  return pod?.metadata.labels?.['rollouts-pod-template-hash'] ?? '';
}

/** Readiness alone would still lead to it. */
async function aPodIsReady({ api, assert }: Context): Promise<void> {
  const [pod] = await api.list('Pod', PODS);
  const ready = pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  assert(ready && pod.metadata.deletionTimestamp === undefined, 'the Experiment has no ready Pod any more');
}

async function deleted({ api }: Context): Promise<void> {
  await api.delete('Experiment', EXPERIMENT);
  await podsGone(api, PODS);
}

/** The example's Experiment again, with these fields of its spec, and with this image. */
async function create({ api }: Context, fields: object, image?: string): Promise<void> {
  const { manifests } = example('demo-microservice-experiment');
  const document = parseAllDocuments(manifests).find((candidate) => candidate.get('kind') === 'Experiment');
  if (image !== undefined)
    document?.setIn(['spec', 'templates', 0, 'template', 'spec', 'containers', 0, 'image'], image);
  const manifest: { spec: object } = document?.toJS();
  await api.apply({ ...manifest, spec: { ...manifest.spec, ...fields } });
}
