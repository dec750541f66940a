import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { deadPort } from '../../lib/upstreams.ts';
import { HeadgateProcess } from '../../load/lib/headgate-process.ts';
import { App } from '../lib/app.ts';
import { ALL, type PanelQuery, panelQueries } from '../lib/dashboard.ts';
import { Prometheus, type Sample } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

const RULES = join(import.meta.dirname, '../../../config/prometheus/headgate.rules.yaml');
const [STABLE, CANARY] = ['6459f554f9', '7c9d8b6f54'];
const WEIGHT = 20;
const PER_SECOND = 40;
const LATENCY_MS = 60;

/** In the words of the controller (`controller/metrics/rollouts.go`). */
const CONTROLLER = `rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="",phase="Progressing"} 1
rollout_info_replicas_desired{namespace="shop",name="web"} 1
rollout_info_replicas_available{namespace="shop",name="web"} 1
`;

/** Every query of the Grafana dashboard, and the alerts beside it: two replicas of Headgate, a canary that fails half, one that is not there, a promotion. */
export const scenario: Scenario = { name: 'dashboard', run };

async function run(context: Context): Promise<void> {
  const { check, say } = context;
  const queries = panelQueries();
  const [stable, canary, controller] = [
    await App.start('stable'),
    await App.start('canary'),
    await metrics(CONTROLLER),
  ];
  const apps = { [STABLE]: stable, [CANARY]: canary };
  const web = await Web.start(context, { stable: STABLE, canary: CANARY, weight: WEIGHT, apps });
  const second = await replica(context, stable);
  const prometheus = await Prometheus.start(context, {
    targets: { headgate: [web.target, `127.0.0.1:${second.adminPort}`], 'argo-rollouts': [controller.target] },
    rules: [RULES],
  });
  await prometheus.scraped(3);
  const begin = Date.now() / 1000;
  check(
    'no query has a variable left that nobody sets',
    queries.every(({ promql }) => !promql().includes('$')),
    queries.map(({ promql }) => promql()).join('\n'),
  );
  await accepted(context, prometheus, queries, 'without traffic', ALL);

  canary.errorShare = 0.5;
  canary.latencyMs = LATENCY_MS;
  const requests = [
    new Requests(web.headgate.port, PER_SECOND),
    new Requests(second.port, PER_SECOND),
    new Requests(second.port, PER_SECOND / 2, {}, '/plain'),
  ];
  // The ten seconds of a rate, and some for scrapes that are late.
  await prometheus.scraped(14);
  for (const query of queries) await hasSeries(context, prometheus, query);
  await agrees(context, prometheus, queries);
  await accepted(context, prometheus, queries, 'with nothing chosen', { namespace: '', route: '' });
  await alerted(context, prometheus);

  say('promotion');
  await web.change({ stable: CANARY, canary: CANARY, apps });
  await prometheus.scraped(4);
  const [promoted] = of(await prometheus.query(written(queries, 'Requests A')), CANARY);
  check('after the promotion the same hash is stable', promoted?.labels['role'] === 'stable', JSON.stringify(promoted));
  await evaluated(context, prometheus, 'through the promotion');
  for (const one of requests) await one.stop();
  // While the replicas differ, a version has two roles; a query that cannot be joined then would leave its panel empty.
  const range = `start=${begin}&end=${Date.now() / 1000}&step=1`;
  for (const { place, promql } of queries) {
    const answer = await prometheus.get(`/api/v1/query_range?${range}&query=${encodeURIComponent(promql())}`);
    check(
      `${place}: the panel of the whole time is drawn`,
      answer.startsWith('{"status":"success"'),
      answer.slice(0, 300),
    );
  }
  controller.close();
  await Promise.all([stable.close(), canary.close()]);
}

/** Another replica, with health checks; and a route of its own, half of which is for a canary that is not there. */
async function replica(context: Context, stable: App): Promise<HeadgateProcess> {
  const config = `source: { files: [${join(context.folder, 'objects')}] }
routes:
  - name: plain
    path: /plain
    versions:
      stable: { weight: 50, endpoints: ["127.0.0.1:${stable.port}"] }
      canary: { weight: 50, endpoints: ["127.0.0.1:${await deadPort()}"] }
  - { name: web, rollout: shop/web, healthCheck: { path: /, interval: 60s } }
drain: { delay: 0, timeout: 5s }
`;
  return HeadgateProcess.start(context, { config, name: 'second' });
}

async function accepted(
  { check }: Context,
  prometheus: Prometheus,
  queries: readonly PanelQuery[],
  when: string,
  selection: typeof ALL,
): Promise<void> {
  const refused: string[] = [];
  for (const { place, promql } of queries) {
    await prometheus.query(promql(selection)).catch((error) => refused.push(`${place}: ${String(error)}`));
  }
  check(`every query is accepted ${when}`, refused.length === 0, refused.join('\n'));
}

/** What is drawn only above 0 may have been 0 all the time: then there has to be something at 0. */
async function hasSeries({ check }: Context, prometheus: Prometheus, { place, promql }: PanelQuery): Promise<void> {
  const query = promql();
  const found = await prometheus.query(query);
  const any = found.length > 0 || !query.endsWith(' > 0') ? found : await prometheus.query(query.slice(0, -4));
  const chosen = await prometheus.query(promql({ namespace: 'shop', route: 'web|plain' }));
  check(`${place} has series`, any.length > 0 && chosen.length <= found.length, query);
}

/** The main panels against what was sent. */
async function agrees({ check }: Context, prometheus: Prometheus, queries: readonly PanelQuery[]): Promise<void> {
  const ask = async (title: string): Promise<readonly Sample[]> => prometheus.query(written(queries, title));
  const near = (sentence: string, samples: readonly Sample[], wanted: number, within: number): void => {
    const [sample] = samples;
    check(
      sentence,
      samples.length === 1 && sample !== undefined && Math.abs(sample.value - wanted) <= within,
      `not ${wanted}: ${JSON.stringify(samples)}`,
    );
  };
  const requests = await ask('Requests A');
  const perSecond = 2 * PER_SECOND;
  near(
    'the canary gets its share of the requests of both replicas',
    of(requests, CANARY),
    (perSecond * WEIGHT) / 100,
    3,
  );
  near('stable gets the rest', of(requests, STABLE), (perSecond * (100 - WEIGHT)) / 100, 8);
  check(
    'a version is called by its hash and its role',
    of(requests, CANARY)[0]?.labels['role'] === 'canary' && of(requests, STABLE)[0]?.labels['role'] === 'stable',
    JSON.stringify(requests),
  );
  const failed = await ask('Failed attempts A');
  near('half of the attempts at the canary fail', of(failed, CANARY), 0.5, 0.05);
  near('none of those at stable', of(failed, STABLE), 0, 0);
  const masked = failed.filter(({ labels }) => labels['route'] === 'plain' && labels['role'] === 'canary');
  near('all at a canary that is not there, which clients do not see', masked, 1, 0);
  const shares = [
    of(await ask('Share: wanted and observed A'), CANARY),
    of(await ask('Share: wanted and observed B'), CANARY),
  ];
  near('the share that is wanted', shares[0] ?? [], WEIGHT / 100, 1e-9);
  near('the share that is observed', shares[1] ?? [], WEIGHT / 100, 0.02);
  // Between the bounds of its bucket, 50 and 100 ms.
  const p50 = of(await ask('p50 A'), CANARY);
  near('half of the answers of the canary take what the application takes', p50, 0.075, 0.025);
  near('those of stable take next to nothing', of(await ask('p50 A'), STABLE), 0.025, 0.025);
  for (const title of ['p95 A', 'p99 A']) {
    // The machine has its moments: only the order is sure.
    const [tail] = of(await ask(title), CANARY);
    check(`${title} is no less than p50`, (tail?.value ?? 0) >= (p50[0]?.value ?? Infinity), JSON.stringify(tail));
  }
  const fallbacks = await ask('Fallbacks A');
  const [fallback] = fallbacks;
  check(
    'half of the requests for the canary that is not there are answered by stable',
    fallbacks.length > 0 && Math.abs(fallbacks.reduce((sum, { value }) => sum + value, 0) - PER_SECOND / 4) < 3,
    JSON.stringify(fallbacks),
  );
  check(
    'and the panel says so',
    fallback?.labels['from'] === 'canary' && fallback.labels['to'] === 'stable',
    JSON.stringify(fallback),
  );
}

/** Both canaries fail, one of them where no client sees it, and nothing else is wrong. */
async function alerted(context: Context, prometheus: Prometheus): Promise<void> {
  await evaluated(context, prometheus, 'with traffic');
  // They have to last for a minute and two: until then they are pending. So is RolloutStalled, for twenty.
  const raised = (
    await prometheus.query('count by (alertname, route, version, from) (ALERTS{alertname=~"Headgate.*"})')
  ).map(({ labels }) => [labels['alertname'], labels['route'], labels['version'] ?? labels['from']].join(' '));
  const wanted = [
    'HeadgateCandidateBurning plain canary',
    `HeadgateCandidateBurning web ${CANARY}`,
    'HeadgateFallbackMasksCandidate plain canary',
  ];
  // The dead canary's few retries may go beyond their budget.
  const others = raised.filter((one) => one !== 'HeadgateRetryBudgetUsedUp plain canary');
  context.check(
    'the alerts about both canaries are raised, and no other',
    others.sort().join() === wanted.sort().join(),
    raised.join(),
  );
}

interface RulesAnswer {
  readonly data: {
    readonly groups: readonly { readonly rules: readonly { name: string; health: string; lastError?: string }[] }[];
  };
}

async function evaluated({ check }: Context, prometheus: Prometheus, when: string): Promise<void> {
  const { data }: RulesAnswer = JSON.parse(await prometheus.get('/api/v1/rules'));
  const rules = data.groups.flatMap((group) => group.rules);
  const bad = rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`);
  check(`Prometheus evaluates every rule ${when}`, rules.length > 20 && bad.length === 0, bad.join('\n'));
}

function of(samples: readonly Sample[], version: string): readonly Sample[] {
  return samples.filter(({ labels }) => labels['version'] === version);
}

/** The query of a title, the later of two: the row of numbers at the top has one of each, too. */
function written(queries: readonly PanelQuery[], title: string): string {
  const query = queries.findLast((one) => one.title === title);
  if (query === undefined) throw new Error(`the dashboard has no panel ${title}`);
  return query.promql();
}

/** A server that is scraped. */
async function metrics(text: string): Promise<{ readonly target: string; readonly close: () => void }> {
  const server = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/plain' }).end(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { target: `127.0.0.1:${port}`, close: () => server.close() };
}
