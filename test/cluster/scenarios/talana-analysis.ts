import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../lib/api.ts';
import { example } from '../lib/example.ts';
import { judged } from '../lib/judged-rollout.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const NAME = 'talana-backend';
const [STABLE, GOOD, BAD] = ['v1.0.2', 'v1.0.3', 'v1.0.4-errors-100'];
/** Where the controller would run, and looks up `prometheus`. */
const CONTROLLER = 'argo-rollouts';

/**
 * The AnalysisTemplate of the Talana backend's document, unmodified: its query asks for `http_requests_total` at
 * `http://prometheus:9090`. It has no `count`, so it stands in the background.
 */
export const scenario = defineScenario({
  name: 'talana-analysis',
  ownClusterOnly: 'it runs a Prometheus, and gives it a name in the namespace of the controller',
  run: async (context) => {
    const { api, namespace, step, assert } = context;
    const { manifests, config } = example('talana-canary');
    await api.apply(named(namespace));
    const { rollout, traffic } = await underLoad(context, {
      manifests: parseAllDocuments(manifests).map((document): Manifest => withAnalysis(document.toJS())),
      name: NAME,
      config,
      faulty: [BAD],
    });
    const prometheus = await Prometheus.start(context, 2);
    const ratio = 'sum(rate(http_requests_total{status=~"2.*"}[1m])) / sum(rate(http_requests_total[1m]))';
    await prometheus.until('not all requests are good', ratio, (value) => value === 1);

    step(`${STABLE} to ${GOOD}, promoted at each pause`);
    const good = judged(context, { name: NAME, canary: GOOD });
    for (const index of [1, 3, 5, 7]) {
      await rollout.pausedAt(index);
      await rollout.promote();
    }
    const { decision, runs, canary: stable } = await good;
    assert(decision === 'promoted', `${GOOD} is ${decision}`);
    assert(
      runs[0]?.status?.phase === 'Successful',
      `${GOOD} was promoted, and its analysis is ${runs[0]?.status?.phase}`,
    );

    step(`${BAD}, left alone: 10 % of all requests fail`);
    const bad = await judged(context, { name: NAME, canary: BAD });
    assert(bad.decision === 'aborted', `${BAD} is ${bad.decision}`);
    assert(
      bad.runs[0]?.status?.phase === 'Failed',
      `${BAD} was aborted, and its analysis is ${bad.runs[0]?.status?.phase}`,
    );
    await traffic.expect('aborted', { weights: { [stable]: 100 }, answers: 200 });
  },
});

/** The Rollout with the template in the background; everything else as it is. */
function withAnalysis(manifest: Manifest): Manifest {
  if (manifest['kind'] !== 'Rollout') return manifest;
  const { spec, ...rest } = manifest as { spec: { strategy: { canary: Manifest } } };
  const canary = { ...spec.strategy.canary, analysis: { templates: [{ templateName: 'success-rate' }] } };
  return { ...rest, spec: { ...spec, strategy: { canary } } };
}

function named(namespace: string): readonly Manifest[] {
  const spec = { type: 'ExternalName', externalName: `prometheus.${namespace}.svc.cluster.local` };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CONTROLLER } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'prometheus', namespace: CONTROLLER }, spec },
  ];
}
