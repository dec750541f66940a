import { phaseOf } from '../lib/analysis.ts';
import { analysisOf, HASHES, templates } from '../lib/analysis-templates.ts';
import { canaryStrategy, type Decision, type JudgedRollout, judged, judgedApplication } from '../lib/judged-rollout.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { defineScenario } from '../lib/scenario.ts';

interface Case extends JudgedRollout {
  readonly decision: Decision;
  /** The metric that the run is about, and how it ends. */
  readonly metric: string;
  readonly phase: string;
  /** Who asks without the header may meet the new version before it is turned down. */
  readonly mayBeSeen?: true;
}

const [GOOD, BAD, SOME] = ['v2', 'v2-errors-100', 'v2-errors-50'];

/**
 * Where else an analysis stands: a smoke test by header before anybody is sent to the canary, or to the preview of a blue-green
 * Rollout, and one in the background of all steps.
 */
export const scenario = defineScenario({
  name: 'analysis-placements',
  ownClusterOnly: 'it runs a Prometheus',
  run: async (context) => {
    const { api, headgate, namespace, traffic: start, step, fail, assert } = context;
    const cases = casesOf(namespace);
    const gates = cases.map(({ name }) => gate(name));
    await api.apply([templates('smoke-test', 'error-rate'), ...cases.flatMap(judgedApplication), ...gates]);
    await Promise.all(cases.map(({ name }) => context.rollout(name).healthy()));
    const proxy = await headgate({ config: config(namespace, cases) });
    await Prometheus.start(context, 2);
    const streams = cases.map(({ name }) => ({ name, rate: 20, host: name }));
    const traffic = start({ to: proxy, streams, faulty: [BAD, SOME] });
    step('new versions');
    const versions = await Promise.all(
      cases.map(async (each) => {
        const { name, decision, metric, phase, mayBeSeen } = each;
        const { decision: found, runs, stable, canary } = await judged(context, each);
        if (found !== decision) fail(`${name} was to be ${decision}, and is ${found}`);
        const phases = runs.map((run) => phaseOf(run, metric));
        if (!phases.includes(phase)) fail(`${name}: ${metric} was to be ${phase}, and is ${phases.join()}`);
        const answers = traffic.load.records.filter(({ stream }) => stream === name);
        const seen = answers.filter(({ status }) => status !== 200).length;
        step(`${name}: clients saw ${seen} errors in ${answers.length} answers`);
        assert(mayBeSeen === true || seen === 0, `${name}: clients saw ${seen} errors of what was to be found before`);
        return [name, decision === 'promoted' ? canary : stable] as const;
      }),
    );
    await traffic.expect('decided', { headers: Object.fromEntries(versions), answers: 60 });
  },
});

function casesOf(namespace: string): readonly Case[] {
  const smoke = (name: string) =>
    analysisOf(['smoke-test'], { address: `http://${name}-gate.${namespace}`, 'smoke-test-interval': '2s' });
  const smoked = (name: string) =>
    canaryStrategy(
      name,
      `- setCanaryScale: { replicas: 1 }
- analysis: ${smoke(name)}
- setCanaryScale: { matchTrafficWeight: true }
- setWeight: 50`,
    );
  const background = analysisOf(['error-rate'], {
    'canary-hash': HASHES['canary-hash'],
    namespace: { fieldRef: { fieldPath: 'metadata.namespace' } },
    'prometheus-address': Prometheus.address(namespace),
    window: '10s',
    'initial-delay': '10s',
    interval: '5s',
    count: '0',
    'inconclusive-limit': '10',
  });
  const inBackground = (name: string) =>
    canaryStrategy(name, '- setWeight: 50\n- pause: { duration: 25s }', `analysis: ${background}`);
  const blueGreen = (name: string) => `blueGreen:
  activeService: ${name}
  previewService: ${name}-canary
  scaleDownDelaySeconds: 1
  abortScaleDownDelaySeconds: 1
  prePromotionAnalysis: ${smoke(name)}`;
  const [promoted, aborted] = ['promoted', 'aborted'] as const;
  const smokeTest = (name: string, strategy: string, good: boolean): Case => ({
    name,
    strategy,
    stable: 'v1',
    canary: good ? GOOD : BAD,
    decision: good ? promoted : aborted,
    metric: 'smoke-test',
    phase: good ? 'Successful' : 'Error',
  });
  const errorRate = (name: string, good: boolean): Case => ({
    name,
    strategy: inBackground(name),
    stable: 'v1',
    canary: good ? GOOD : SOME,
    decision: good ? promoted : aborted,
    metric: 'error-rate',
    phase: good ? 'Successful' : 'Failed',
    mayBeSeen: true,
  });
  return [
    smokeTest('smoke-good', smoked('smoke-good'), true),
    smokeTest('smoke-bad', smoked('smoke-bad'), false),
    smokeTest('preview-good', blueGreen('preview-good'), true),
    smokeTest('preview-bad', blueGreen('preview-bad'), false),
    errorRate('background-good', true),
    errorRate('background-bad', false),
  ];
}

/** The Service by which the application's clients, and the controller, reach Headgate. */
function gate(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `${name}-gate` },
    spec: {
      selector: { 'app.kubernetes.io/name': 'headgate' },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    },
  };
}

/** Each Rollout's two names, and the header that leads to its new version or to nobody. */
function config(namespace: string, cases: readonly Case[]): string {
  const routes = cases.map(({ name, strategy }) => {
    const to = strategy.startsWith('blueGreen') ? 'preview' : 'canary';
    const headers = [{ name: 'x-canary', exact: 'true', to, fallback: 'none' }];
    return { name, rollout: name, hosts: [name, `${name}-gate.${namespace}`], headers };
  });
  return JSON.stringify({
    listen: { address: '0.0.0.0', port: 8080 },
    admin: { address: '0.0.0.0', port: 8081 },
    source: { kubernetes: {} },
    routes,
  });
}
