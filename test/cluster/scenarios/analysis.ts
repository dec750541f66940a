import { analysisRuns, told } from '../lib/analysis.ts';
import { application } from '../lib/application.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';

const spec = (name: string, address: string) => `
replicas: 1
strategy:
  canary:
    stableService: ${name}
    canaryService: ${name}-canary
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 1
    steps:
      - setWeight: 50
      - analysis:
          templates: [{ templateName: success-rate }]
          args:
            - { name: prometheus-address, value: "${address}" }
            - { name: canary-hash, valueFrom: { podTemplateHashValue: Latest } }
`;

const CASES = [
  { name: 'good', version: 'v2-takes-50', ends: 'promoted' },
  { name: 'errors', version: 'v2-takes-50-errors-10', ends: 'aborted' },
  { name: 'masked', version: 'v2-takes-50-refuses', ends: 'aborted' },
] as const;

/** The shipped AnalysisTemplates, judged by the real controller with a real Prometheus. */
export const scenario = defineScenario({
  name: 'analysis',
  ownClusterOnly: 'it runs a Prometheus',
  run: async (context) => {
    const { api, headgate, namespace, step, traffic: start } = context;
    const address = `http://prometheus.${namespace}.svc.cluster.local:9090`;
    const applications = CASES.flatMap(({ name }) =>
      application({ name, spec: spec(name, address), services: [name, `${name}-canary`], image: 'shop:v1-takes-50' }),
    );
    await api.apply([...applications, TEMPLATE]);
    await Promise.all(CASES.map(({ name }) => context.rollout(name).healthy()));
    const proxy = await headgate();
    const prometheus = await Prometheus.start(context, 2);
    step(`${JSON.stringify(await prometheus.query('up'))}`);
    start({ to: proxy, streams: CASES.map(({ name }) => ({ name, rate: 40, host: name })), faulty: ['v2-takes-50-errors-10'] });
    await Promise.all(CASES.map((one) => run(context, one, prometheus)));
    step(JSON.stringify(await proxy.ask('/metrics').then((all) => all[0]?.split('\n').filter((l) => l.startsWith('headgate_attempts')))));
  },
});

async function run(context: Context, { name, version }: (typeof CASES)[number], prometheus: Prometheus): Promise<void> {
  const { api, step } = context;
  const rollout = context.rollout(name);
  await rollout.setImage(`shop:${version}`);
  const { canary } = await rollout.hashes();
  const end = await rollout.until('over', ({ status }) => status?.abort === true || status?.phase === 'Healthy' && status.stableRS === status.currentPodHash, 90_000);
  step(`${name}: ${end.status?.phase} ${end.status?.message ?? ''}`);
  const hash = end.status?.currentPodHash ?? canary;
  for (const run of await analysisRuns(api, name, hash)) step(`${name}: ${told(run)}`);
  step(JSON.stringify(await prometheus.query(`headgate_attempts_total{version="${hash}"}`)));
}

const TEMPLATE = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate }
spec:
  args: [{ name: prometheus-address }, { name: canary-hash }]
  metrics:
    - name: success-rate
      interval: 5s
      initialDelay: 10s
      count: 3
      successCondition: result[0] > 0.95
      failureCondition: result[0] < 0.95
      provider:
        prometheus:
          address: "{{args.prometheus-address}}"
          query: |
            sum(rate(headgate_requests_total{version="{{args.canary-hash}}",status=~"2.."}[10s])) /
            sum(rate(headgate_requests_total{version="{{args.canary-hash}}"}[10s]))
`;
