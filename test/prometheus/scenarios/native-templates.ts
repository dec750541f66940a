import { App } from '../lib/app.ts';
import { Judged, phases } from '../lib/judged.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

const [STABLE, CANARY, NEVER] = ['6459f554f9', '7c9d8b6f54', '5c5f8f5b9d'];
/** Seconds; scrapes are one second apart. */
const WINDOW = 5;
const LATENCY = ['latency-p50', 'latency-p95', 'latency-p99', 'latency-relative-p95'];
const ALL = [...LATENCY, 'error-rate'];

/** The templates where Prometheus takes native histograms, and drops the classic ones. */
export const scenario: Scenario = { name: 'native-templates', run };

async function run(context: Context): Promise<void> {
  const [stable, canary] = [await App.start('stable'), await App.start('canary')];
  const apps = { [STABLE]: stable, [CANARY]: canary };
  const web = await Web.start(context, { stable: STABLE, canary: CANARY, weight: 50, apps });
  const prometheus = await Prometheus.start(context, {
    targets: { headgate: [web.target] },
    features: ['native-histograms'],
  });
  const judged = await Judged.by(context, {
    namespace: 'shop',
    'canary-hash': CANARY,
    'stable-hash': STABLE,
    'prometheus-address': prometheus.address,
    window: `${WINDOW}s`,
    // Headgate, the versions and the clients share the machine, and the slowest requests show it.
    'p95-ratio-limit': '1.6',
  });
  await prometheus.scraped(3);
  await judged.expect('without traffic', ALL, phases(ALL, 'Inconclusive'));
  await judged.expect('without traffic, where no number of requests is asked for', ALL, phases(ALL, 'Inconclusive'), {
    'minimum-requests': '0',
  });

  stable.latencyMs = 40;
  canary.latencyMs = 40;
  const requests = new Requests(web.headgate.port, 100);
  await prometheus.scraped(WINDOW + 2);
  await judged.expect('a good canary', ALL, phases(ALL, 'Successful'));
  await judged.expect('a version that was never there', ALL, phases(ALL, 'Inconclusive'), { 'canary-hash': NEVER });
  const classic = ['latency-relative'];
  await judged.expect('what needs the classic histogram', classic, phases(classic, 'Inconclusive'));

  canary.latencyMs = 150;
  await prometheus.scraped(WINDOW + 2);
  await judged.expect('a slow canary', ALL, {
    'latency-p50': 'Failed',
    'latency-p95': 'Successful',
    'latency-p99': 'Successful',
    'latency-relative-p95': 'Failed',
    'error-rate': 'Successful',
  });
  await requests.stop();
  await Promise.all([stable.close(), canary.close()]);
}
