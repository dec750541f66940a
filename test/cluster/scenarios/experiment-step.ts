import { splitOf } from '../judge/split.ts';
import { example } from '../lib/example.ts';
import type { Experiment, Rollout } from '../lib/objects.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';

const IMAGE = 'argoproj/rollouts-demo';
const HEADER = 'x-color';
/** The stand-alone Experiment of the example. */
const COLORS = 'example-experiment';

/**
 * The guestbook of rollouts-demo, written for ALB (there is an Ingress of a class that nobody serves): an Experiment as a
 * step, whose two templates get 5 % each out of stable's share, and an Experiment by itself that only a header leads to.
 */
export const scenario = defineScenario({
  name: 'experiment-step',
  run: async (context) => {
    const { api, headgate, rollout: driver, step, traffic: start } = context;
    const { manifests, config } = example('rollouts-demo-experiment-step');
    await api.apply(manifests);
    const rollout = driver('guestbook');
    await rollout.healthy();
    await api.until('Experiment', COLORS, 'running', ({ status }) => status?.phase === 'Running');
    const proxy = await headgate({ config });
    const color = (name: string) => ({ name, rate: 15, host: 'guestbook', headers: { [HEADER]: name } });
    const traffic = start({
      to: proxy,
      streams: [{ name: 'plain', rate: 130, host: 'guestbook' }, color('purple'), color('orange'), color(COLORS)],
      converge: { rollout: 'guestbook', split: (object) => (isNamed(object) ? splitOf(object) : null) },
    });
    const [purple, orange] = [await hashOf(context, 'purple'), await hashOf(context, 'orange')];
    const colors = traffic.throughout('the colors, whatever the Rollout does', { purple, orange });
    const { stable: blue } = await rollout.hashes();
    await traffic.expect('blue', { weights: { [blue]: 100 }, answers: 100 });
    await traffic.expect('both colors', { weights: { [purple]: 1, [orange]: 1 }, streams: [COLORS], answers: 300 });

    step('yellow: 20 %');
    await rollout.setImage(`${IMAGE}:yellow`);
    await rollout.pausedAt(1);
    const { canary: yellow } = await rollout.hashes();
    await traffic.expect('yellow at 20 %', { weights: { [blue]: 80, [yellow]: 20 }, answers: 400 });

    step('yellow: the experiment');
    await rollout.promote();
    tell(await rollout.until('in the experiment', inExperiment));
    const [baseline, candidate] = await templates(context);
    await traffic.expect('5 % for each template', {
      weights: { [blue]: 70, [yellow]: 20, [baseline]: 5, [candidate]: 5 },
      answers: 800,
    });
    const experiment = await ofStep(context);
    await api.patch('Experiment', experiment, { spec: { terminate: true } });
    await rollout.pausedAt(4);
    await traffic.expect('yellow at 40 %', { weights: { [blue]: 60, [yellow]: 40 }, answers: 400 });
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('yellow', { weights: { [yellow]: 100 }, answers: 100 });

    step('green: aborted in the experiment');
    await rollout.setImage(`${IMAGE}:green`);
    await rollout.pausedAt(1);
    const { canary: green } = await rollout.hashes();
    await rollout.promote();
    tell(await rollout.until('in the experiment', inExperiment));
    const [again, next] = await templates(context);
    const weights = { [yellow]: 70, [green]: 20, [again]: 5, [next]: 5 };
    await traffic.expect('green, 5 % for each template', { weights, answers: 400 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('green aborted', { weights: { [yellow]: 100 }, answers: 200 });
    colors();

    function tell(object: Rollout): void {
      if (!isNamed(object)) step('the controller has published weights of nobody');
    }
  },
});

/** Every template of the step's Experiment has its weight. */
function inExperiment({ status }: Rollout): boolean {
  const weights = status?.canary?.weights?.additional ?? [];
  return weights.length === 2 && weights.every(({ weight }) => weight === 5);
}

/**
 * Whether each published weight says whose it is. Now and then the controller reads the Experiment's status before the
 * hashes are in it, and publishes weights of nobody until the step is over; the demands are the same then.
 */
function isNamed({ status }: Rollout): boolean {
  return (status?.canary?.weights?.additional ?? []).every(({ podTemplateHash = '' }) => podTemplateHash !== '');
}

/** The hashes of the step's templates, baseline and canary. */
async function templates(context: Context): Promise<readonly [string, string]> {
  const { api } = context;
  const name = await ofStep(context);
  const hashOfTemplate = async (template: string) => {
    const { metadata } = await api.get('ReplicaSet', `${name}-${template}`);
    return metadata.labels?.['rollouts-pod-template-hash'] ?? '';
  };
  return [await hashOfTemplate('experiment-baseline'), await hashOfTemplate('experiment-canary')];
}

/** The name of the running Experiment that the Rollout has made. */
async function ofStep({ api }: Context): Promise<string> {
  const all: readonly Experiment[] = await api.list('Experiment');
  const found = all.find(({ metadata, status }) => metadata.name !== COLORS && status?.phase === 'Running');
  if (found === undefined) throw new Error('the Rollout runs no Experiment');
  return found.metadata.name;
}

async function hashOf({ api }: Context, color: string): Promise<string> {
  const [pod] = await api.list('Pod', `color=${color}`);
  return pod?.metadata.labels?.['rollouts-pod-template-hash'] ?? '';
}
