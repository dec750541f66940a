import { pod } from '../../control/cluster.ts';
import { App } from '../lib/app.ts';
import { Judged, phases } from '../lib/judged.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

/** As in a Rollout's experiment step: the templates are the Rollout's own versions, and have their hashes. */
const [STABLE, CANARY, NEVER] = ['6459f554f9', '7c9d8b6f54', '5c5f8f5b9d'];
/** Seconds; scrapes are one second apart. */
const WINDOW = 5;
/** Seconds that the verdict may take. */
const PATIENCE = 60;
const TEMPLATE = ['experiment-comparison'];
const METRICS = ['error-rate-difference', 'latency-ratio'];

/** What experiment-comparison says of two templates, while the Rollout's versions of the same hashes do something else. */
export const scenario: Scenario = { name: 'experiment-templates', run };

async function run(context: Context): Promise<void> {
  const [production, baseline, candidate] = [
    await App.start('production'),
    await App.start('baseline'),
    await App.start('candidate'),
  ];
  production.errorShare = 0.5;
  const web = await Web.start(context, {
    stable: STABLE,
    canary: CANARY,
    weight: 50,
    apps: { [STABLE]: production, [CANARY]: production },
    objects: [trial(), pod(STABLE, baseline.port, 'trial-baseline'), pod(CANARY, candidate.port, 'trial-candidate')],
  });
  const prometheus = await Prometheus.start(context, { targets: { headgate: [web.target] } });
  const judged = await Judged.by(context, {
    namespace: 'shop',
    'baseline-hash': STABLE,
    'candidate-hash': CANARY,
    'prometheus-address': prometheus.address,
    window: `${WINDOW}s`,
    // Headgate, the versions and the clients share the machine.
    'latency-ratio-limit': '1.4',
  });
  const own = {
    'headgate-address': `http://${web.target}`,
    'experiment-name': 'shop/trial',
    candidate: 'candidate',
    baseline: 'baseline',
  };
  await judged.expect('nobody was there', ['experiment-verdict'], phases(['experiment-verdict'], 'Inconclusive'), own);
  const settled = (): Promise<void> => prometheus.scraped(WINDOW + 2);
  const ordinary = new Requests(web.headgate.port, 50);
  await settled();
  await judged.expect('without a request to the Experiment', TEMPLATE, phases(METRICS, 'Inconclusive'));

  const requests = new Requests(web.headgate.port, 100, { 'x-experiment': 'trial' });
  baseline.latencyMs = 40;
  candidate.latencyMs = 40;
  baseline.errorShare = 0.04;
  candidate.errorShare = 0.04;
  await settled();
  await judged.expect('equally good', TEMPLATE, phases(METRICS, 'Successful'));
  await judged.expect('no baseline', TEMPLATE, phases(METRICS, 'Inconclusive'), { 'baseline-hash': NEVER });

  candidate.errorShare = 0.07;
  await settled();
  await judged.expect('three points more errors', TEMPLATE, {
    'error-rate-difference': 'Inconclusive',
    'latency-ratio': 'Successful',
  });

  candidate.errorShare = 0.12;
  candidate.latencyMs = 70;
  await settled();
  await judged.expect('eight points more errors, and much slower', TEMPLATE, phases(METRICS, 'Failed'));

  const [verdict] = await judged.decide(['experiment-verdict'], own, PATIENCE);
  const found = JSON.stringify(verdict);
  context.check('experiment-verdict fails the candidate, too', verdict?.phase === 'Failed', found);
  await Promise.all([ordinary.stop(), requests.stop()]);
  await Promise.all([production.close(), baseline.close(), candidate.close()]);
}

function trial(): object {
  const names = ['baseline', 'candidate'];
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'trial', namespace: 'shop', uid: 'trial' },
    spec: { templates: names.map((name) => ({ name })) },
    status: { phase: 'Running', templateStatuses: names.map((name) => ({ name, status: 'Running' })) },
  };
}
