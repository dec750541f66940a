import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { App } from '../lib/app.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

const TEMPLATE = join(import.meta.dirname, '../../../config/examples/talana-canary/manifests/analysis-template.yaml');
const [STABLE, CANARY] = ['6459f554f9', '7c9d8b6f54'];

/** The query of a document that knows nothing of Headgate, with `metrics.httpAlias`. */
export const scenario: Scenario = { name: 'http-alias', run };

async function run(context: Context): Promise<void> {
  const { say, check } = context;
  const template: { spec: { metrics: { provider: { prometheus: { query: string } } }[] } } = parse(
    readFileSync(TEMPLATE, 'utf8'),
  );
  const query = template.spec.metrics[0]?.provider.prometheus.query ?? '';
  const [stable, canary] = [await App.start('stable'), await App.start('canary')];
  const web = await Web.start(context, {
    stable: STABLE,
    canary: CANARY,
    weight: 50,
    apps: { [STABLE]: stable, [CANARY]: canary },
    config: 'metrics: { httpAlias: true }\n',
  });
  const prometheus = await Prometheus.start(context, { targets: { headgate: [web.target] } });
  await prometheus.scraped(3);
  const idle = await prometheus.value(query);
  check('without a request the query has one value, which is no number', Number.isNaN(idle), String(idle));

  canary.errorShare = 0.5;
  const requests = new Requests(web.headgate.port, 50);
  await prometheus.scraped(6);
  const share = await prometheus.value(query);
  say(`the share of good answers is ${share}`);
  check(
    'a canary at 50 % of which half the answers are 500 makes three quarters of all good',
    near(share, 0.75),
    `${share}`,
  );

  await requests.stop();
  await prometheus.scraped(2);
  const [alias, own] = [
    await prometheus.value('sum(http_requests_total)'),
    await prometheus.value('sum(headgate_requests_total)'),
  ];
  check('the alias counts what the client counted', alias === requests.count, `${alias}, not ${requests.count}`);
  check('and what Headgate counts by its own name', alias === own, `${alias}, not ${own}`);
  const p95 = await prometheus.value(
    'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))',
  );
  check('latency has an alias too', p95 !== null && p95 > 0 && p95 < 1, `${p95}`);
  await Promise.all([stable.close(), canary.close()]);
}

function near(value: number | null, wanted: number): boolean {
  return value !== null && Math.abs(value - wanted) < 0.03;
}
