import { App } from '../lib/app.ts';
import { Judged, phases } from '../lib/judged.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

const [STABLE, CANARY, NEVER] = ['6459f554f9', '7c9d8b6f54', '5c5f8f5b9d'];
/** Seconds; scrapes are one second apart. */
const WINDOW = 5;

const BY_ATTEMPTS = ['success-rate', 'error-rate', 'error-budget'];
const BY_LATENCY = ['latency-p50', 'latency-p95', 'latency-p99', 'latency-relative'];
const ALL = [...BY_ATTEMPTS, ...BY_LATENCY];

/** What each template says of a canary, which is told from the others only by what it does. */
export const scenario: Scenario = { name: 'templates', run };

interface Stage {
  readonly web: Web;
  readonly stable: App;
  readonly canary: App;
  readonly judged: Judged;
  /** Resolves when the window holds nothing of before. */
  readonly settled: () => Promise<void>;
}

async function run(context: Context): Promise<void> {
  const [stable, canary] = [await App.start('stable'), await App.start('canary')];
  const apps = { [STABLE]: stable, [CANARY]: canary };
  const web = await Web.start(context, { stable: STABLE, canary: CANARY, weight: 50, apps });
  const prometheus = await Prometheus.start(context, { targets: { headgate: [web.target] } });
  const judged = await Judged.by(context, {
    namespace: 'shop',
    'canary-hash': CANARY,
    'stable-hash': STABLE,
    'prometheus-address': prometheus.address,
    window: `${WINDOW}s`,
    // Headgate, the versions and the clients share the machine.
    'latency-ratio-limit': '1.4',
    'budget-window': `${WINDOW}s`,
  });
  const stage = { web, stable, canary, judged, settled: () => prometheus.scraped(WINDOW + 2) };

  await prometheus.scraped(3);
  await idle(stage);
  let requests = new Requests(web.headgate.port, 100);
  await good(stage);
  await bad(stage);

  await stage.settled();
  await requests.stop();
  await web.restart();
  requests = new Requests(web.headgate.port, 100);
  await prometheus.scraped(2);
  const early = await judged.take(ALL);
  const wrong = early.filter(({ phase }) => phase !== 'Successful' && phase !== 'Inconclusive');
  context.check(
    'right after a restart a good canary is neither failed nor an error',
    wrong.length === 0,
    JSON.stringify(wrong),
  );
  await stage.settled();
  await judged.expect('a while after a restart', ALL, phases(ALL, 'Successful'));

  await hidden(context, stage, requests);
  await requests.stop();
  await stable.close();
}

async function idle({ judged }: Stage): Promise<void> {
  await judged.expect('without traffic', ALL, phases(ALL, 'Inconclusive'));
  const any = { 'minimum-requests': '0' };
  await judged.expect(
    'without traffic, where no number of requests is asked for',
    ALL,
    phases(ALL, 'Inconclusive'),
    any,
  );
}

async function good({ stable, canary, judged, settled }: Stage): Promise<void> {
  stable.latencyMs = 40;
  canary.latencyMs = 40;
  await settled();
  await judged.expect('a good canary', ALL, phases(ALL, 'Successful'));
  const unknown = phases(ALL, 'Inconclusive');
  await judged.expect('a version that was never there', ALL, unknown, { 'canary-hash': NEVER });
  await judged.expect('another namespace', ALL, unknown, { namespace: 'other' });
  await judged.expect('fewer requests than are asked for', ALL, unknown, { 'minimum-requests': '10000' });
  const relative = ['latency-relative'];
  await judged.expect('no stable version', relative, phases(relative, 'Inconclusive'), { 'stable-hash': NEVER });
}

/** Leaves the canary as good as it was. */
async function bad({ canary, judged, settled }: Stage): Promise<void> {
  canary.errorShare = 0.07;
  await settled();
  await judged.expect('7 % of errors', ALL, {
    'success-rate': 'Inconclusive',
    'error-rate': 'Inconclusive',
    'error-budget': 'Failed',
    ...phases(BY_LATENCY, 'Successful'),
  });

  canary.errorShare = 0.13;
  canary.latencyMs = 70;
  await settled();
  await judged.expect('13 % of errors, and much slower', ALL, {
    ...phases(BY_ATTEMPTS, 'Failed'),
    'latency-p50': 'Successful',
    'latency-p99': 'Successful',
    'latency-relative': 'Failed',
  });

  canary.errorShare = 0;
  canary.latencyMs = 600;
  await settled();
  await judged.expect('0.6 s', ALL, {
    ...phases(BY_ATTEMPTS, 'Successful'),
    'latency-p50': 'Failed',
    'latency-p95': 'Successful',
    'latency-p99': 'Failed',
    'latency-relative': 'Failed',
  });
  const own = { 'p95-below': '0.25', 'p95-fail-above': '0.5' };
  await judged.expect("0.6 s, by thresholds of one's own", ['latency-p95'], phases(['latency-p95'], 'Failed'), own);
  canary.latencyMs = 40;
}

/** The canary goes, and stable answers for it. */
async function hidden({ check }: Context, { web, canary, judged, settled }: Stage, requests: Requests): Promise<void> {
  const smoke = ['smoke-test'];
  const args = { address: `http://127.0.0.1:${web.headgate.port}`, 'header-name': 'x-smoke-test' };
  await judged.expect('a canary that answers', smoke, phases(smoke, 'Successful'), args);
  const [before, unanswered] = [requests.count - (requests.answers.get(200) ?? 0), requests.unanswered];
  await canary.close();
  await settled();
  await judged.expect('a canary whose failures stable hides', ALL, phases(BY_ATTEMPTS, 'Failed'));
  const bad = requests.count - (requests.answers.get(200) ?? 0) - before + requests.unanswered - unanswered;
  check('no client has seen one of them', bad === 0, `${bad} clients have`);
  await judged.expect('nobody answers for the canary', smoke, phases(smoke, 'Error'), args);
}
