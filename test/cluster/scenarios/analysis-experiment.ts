import { ALB_INGRESS } from '../lib/alb-ingress.ts';
import { analysisRuns, told } from '../lib/analysis.ts';
import { analysisOf, templates } from '../lib/analysis-templates.ts';
import type { Manifest } from '../lib/api.ts';
import { application } from '../lib/application.ts';
import { decisionOf } from '../lib/judged-rollout.ts';
import type { Experiment } from '../lib/objects.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';
import { verdictConfig } from '../lib/verdict.ts';

const [BLUE, YELLOW, GREEN] = ['blue-takes-40', 'yellow-takes-40', 'green-takes-80'];

/**
 * The comparison of the rollouts-demo document: an Experiment as a step, with stable and canary Pods of the same age and number, and
 * an analysis called mann-whitney, for which it has Kayenta. Here Headgate judges: it compares the whole distributions.
 */
export const scenario = defineScenario({
  name: 'analysis-experiment',
  ownClusterOnly: 'its analysis asks Headgate by the name of a Service, and one of its images is slow on purpose',
  run: async (context) => {
    const { api, headgate, namespace, step, traffic: start, assert } = context;
    await api.apply([templates('headgate-verdict'), ALB_INGRESS, ...guestbook(namespace)]);
    const rollout = context.rollout('shop');
    await rollout.healthy();
    const proxy = await headgate({ config: verdictConfig() });
    const traffic = start({ to: proxy, streams: [{ name: 'plain', rate: 150, host: 'shop' }] });
    const { stable: blue } = await rollout.hashes();
    await traffic.expect('blue', { weights: { [blue]: 100 }, answers: 150 });

    step('yellow, which is like blue');
    await rollout.setImage(`shop:${YELLOW}`);
    await rollout.until('decided', (object) => decisionOf(object) !== null, 120_000);
    const yellow = await compared(context);
    assert(yellow.decision === 'promoted', `yellow is ${yellow.decision}: ${yellow.said}`);
    await traffic.expect('yellow', { weights: { [yellow.hash]: 100 }, answers: 150 });

    step('green, which takes twice as long');
    await rollout.setImage(`shop:${GREEN}`);
    await rollout.until('decided', (object) => decisionOf(object) !== null, 120_000);
    const green = await compared(context);
    assert(green.decision === 'aborted', `green is ${green.decision}: ${green.said}`);
    await traffic.expect('green aborted', { weights: { [yellow.hash]: 100 }, answers: 150 });
  },
});

interface Compared {
  readonly decision: string | null;
  /** The canary's. */
  readonly hash: string;
  readonly said: string;
}

/** What the controller has decided about the newest version, and its Experiment's analysis. */
async function compared({ api, step, rollout }: Context): Promise<Compared> {
  const object = await rollout('shop').get();
  const hash = object.status?.currentPodHash ?? '';
  const experiments: readonly Experiment[] = await api.list('Experiment', `rollouts-pod-template-hash=${hash}`);
  const runs = await Promise.all(experiments.map(({ metadata }) => analysisRuns(api, metadata.name)));
  const said = runs.flat().map(told).join('; ');
  const decision = decisionOf(object);
  step(`${decision}: ${object.status?.message ?? ''}`);
  for (const { metadata, status } of experiments) step(`  ${metadata.name}: ${status?.phase}`);
  for (const run of runs.flat()) step(`  ${run.metadata.name} ${told(run)}`);
  return { decision, hash, said };
}

function guestbook(namespace: string): readonly Manifest[] {
  const analysis = analysisOf(['headgate-verdict'], {
    'headgate-address': `http://headgate-admin.${namespace}:8081`,
    rollout: `${namespace}/shop`,
    'stable-hash': '{{templates.baseline.podTemplateHash}}',
    'canary-hash': '{{templates.canary.podTemplateHash}}',
    metrics: 'error-rate,latency-distribution',
    'verdict-interval': '5s',
    'verdict-count': '18',
    'verdict-inconclusive-limit': '18',
  });
  const { args } = JSON.parse(analysis) as { args: unknown };
  const experiment = {
    duration: '1h',
    templates: [
      { name: 'baseline', specRef: 'stable', weight: 25 },
      { name: 'canary', specRef: 'canary', weight: 25 },
    ],
    analyses: [{ name: 'mann-whitney', templateName: 'headgate-verdict', requiredForCompletion: true, args }],
  };
  const spec = `
replicas: 1
strategy:
  canary:
    stableService: shop-stable
    canaryService: shop-canary
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 1
    trafficRouting: { alb: { ingress: shop, rootService: shop, servicePort: 80 } }
    steps:
      - experiment: ${JSON.stringify(experiment)}
`;
  const services = ['shop', 'shop-stable', 'shop-canary'];
  return application({ spec, services, serviceType: 'NodePort', image: `shop:${BLUE}` });
}
