import { ALB_INGRESS } from '../lib/alb-ingress.ts';
import { analysisRuns, told } from '../lib/analysis.ts';
import { analysisOf, templates } from '../lib/analysis-templates.ts';
import type { Manifest } from '../lib/api.ts';
import { application } from '../lib/application.ts';
import { decisionOf } from '../lib/judged-rollout.ts';
import type { Experiment } from '../lib/objects.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';

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
    await api.apply([
      templates('headgate-verdict', 'experiment-comparison', 'experiment-verdict'),
      ALB_INGRESS,
      ...guestbook(namespace),
    ]);
    const rollout = context.rollout('shop');
    await rollout.healthy();
    const proxy = await headgate({ config: CONFIG });
    await Prometheus.start(context, 2);
    const color = (name: string) => ({ name, rate: 30, host: 'shop', headers: { 'x-color': name } });
    const streams = [{ name: 'plain', rate: 150, host: 'shop' }, color('purple'), color('orange')];
    const traffic = start({ to: proxy, streams });
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

    step('an Experiment by itself, which only a header leads to: orange takes twice as long as purple');
    await api.apply(colors(namespace));
    const over = ({ status }: Experiment) =>
      ['Failed', 'Successful', 'Inconclusive', 'Error'].includes(status?.phase ?? '');
    const ended = await api.until('Experiment', 'colors', 'over', over, 120_000);
    const runs = await analysisRuns(api, 'colors');
    for (const run of runs) step(`  ${run.metadata.name} ${told(run)}`);
    assert(ended.status?.phase === 'Failed', `the Experiment is ${ended.status?.phase}`);
    await traffic.expect('the colors are gone', {
      headers: { purple: yellow.hash, orange: yellow.hash },
      weights: { [yellow.hash]: 100 },
      answers: 150,
    });
  },
});

/** With the shipped ones' peers; the header is for the Experiment by itself. */
const CONFIG = `
listen: { address: 0.0.0.0, port: 8080 }
admin: { address: 0.0.0.0, port: 8081 }
source: { kubernetes: {} }
analysis: { peers: "headgate-admin:8081" }
routes:
  - name: shop
    rollout: shop
    experiments: { header: x-color, tokens: { purple: "colors#purple", orange: "colors#orange" } }
`;

function colors(namespace: string): Manifest {
  const template = (name: string, tag: string) => ({
    name,
    selector: { matchLabels: { app: 'colors', color: name } },
    template: {
      metadata: { labels: { app: 'colors', color: name } },
      spec: { containers: [{ name: 'shop', image: `shop:${tag}`, ports: [{ name: 'http', containerPort: 8080 }] }] },
    },
  });
  const { args } = parsed(['experiment-verdict'], {
    'headgate-address': `http://headgate-admin.${namespace}:8081`,
    'experiment-name': `${namespace}/colors`,
    candidate: 'orange',
    baseline: 'purple',
    ...ASKED,
  });
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'colors' },
    spec: {
      templates: [template('purple', 'purple-takes-40'), template('orange', 'orange-takes-80')],
      analyses: [{ name: 'verdict', templateName: 'experiment-verdict', requiredForCompletion: true, args }],
    },
  };
}

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

/** Every five seconds, for a minute and a half. */
const ASKED = { 'verdict-interval': '5s', 'verdict-count': '18', 'verdict-inconclusive-limit': '18' };

function parsed(...analysis: Parameters<typeof analysisOf>): { readonly args: unknown } {
  return JSON.parse(analysisOf(...analysis));
}

function guestbook(namespace: string): readonly Manifest[] {
  const verdict = parsed(['headgate-verdict'], {
    'headgate-address': `http://headgate-admin.${namespace}:8081`,
    rollout: `${namespace}/shop`,
    'stable-hash': '{{templates.baseline.podTemplateHash}}',
    'canary-hash': '{{templates.canary.podTemplateHash}}',
    metrics: 'error-rate,latency-distribution',
    ...ASKED,
  });
  const comparison = parsed(['experiment-comparison'], {
    namespace,
    'baseline-hash': '{{templates.baseline.podTemplateHash}}',
    'candidate-hash': '{{templates.canary.podTemplateHash}}',
    'prometheus-address': Prometheus.address(namespace),
    window: '15s',
    'initial-delay': '15s',
    interval: '5s',
    count: '3',
  });
  const experiment = {
    duration: '1h',
    templates: [
      { name: 'baseline', specRef: 'stable', weight: 25 },
      { name: 'canary', specRef: 'canary', weight: 25 },
    ],
    analyses: [
      { name: 'mann-whitney', templateName: 'headgate-verdict', requiredForCompletion: true, args: verdict.args },
      { name: 'comparison', templateName: 'experiment-comparison', requiredForCompletion: true, args: comparison.args },
    ],
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
