import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import t from 'tap';
import { SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { Exposition, type ExpositionOptions } from '../../src/telemetry/exposition.ts';
import { fallbackKey, seriesKey } from '../../src/telemetry/keys.ts';
import {
  CONNECTIONS_ACCEPTED,
  CONNECTIONS_OPEN,
  CONNECTIONS_REFUSED_BASE,
  TABLE_GENERATION,
  UPSTREAM_FAILURE_REASONS,
} from '../../src/telemetry/layout.ts';
import {
  add,
  enterFlight,
  recordAnswer,
  recordFailure,
  recordFallback,
  recordOutcome,
  recordRefused,
  recordRetry,
  recordUnrouted,
} from '../../src/telemetry/record.ts';
import type { ProcessState } from '../../src/telemetry/scrape.ts';
import { processState } from '../lib/process-state.ts';
import { canaryRoute, route, table, version } from './tables.ts';

const CANARY_KEY = seriesKey('talana', version('shop/talana/7f9b', { role: 'canary' }));
const CANARY = 'route="talana",namespace="shop",rollout="talana",experiment="",role="canary",version="7f9b"';
const STABLE = 'route="talana",namespace="shop",rollout="talana",experiment="",role="stable",version="5d8c"';
const NONE = 'route="",namespace="",rollout="",experiment="",role="",version=""';

function setUp(change: Partial<ExpositionOptions> = {}, state: Partial<ProcessState> = {}) {
  const current = table(canaryRoute());
  const registry = new SeriesRegistry({ workers: 2, now: () => 0 });
  const workers = registry.update(current).map((patch) => new WorkerCounters(patch));
  const [first, second] = workers;
  if (first === undefined || second === undefined) throw new Error('two workers');
  const exposition = new Exposition({
    registry,
    prefix: 'headgate_',
    httpAlias: false,
    version: '0.1.0',
    state: () =>
      processState({ table: current, sourceLastEventSeconds: 1_700_000_000.5, sourceKind: 'kubernetes', ...state }),
    ...change,
  });
  return { exposition, registry, first, second };
}

/** The lines that begin so. */
async function lines(exposition: Exposition, start: string): Promise<string[]> {
  return (await exposition.text()).split('\n').filter((line) => line.startsWith(start));
}

/** Null, with the reason, where this machine has none; CI must have it. */
async function promtool(text: string): Promise<{ code: number | null; output: string } | null> {
  try {
    await promisify(execFile)('promtool', ['--version']);
  } catch (error) {
    if (process.env['CI']) throw error;
    return null;
  }
  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  child.stdin.end(text);
  await once(child, 'close');
  return { code: child.exitCode, output };
}

t.test('requests are summed over the workers, by status', async (t) => {
  const { exposition, first, second } = setUp();
  recordOutcome(first.series(CANARY_KEY), 200, 1);
  recordOutcome(second.series(CANARY_KEY), 200, 1);
  recordOutcome(second.series(CANARY_KEY), 418, 1);
  const found = await lines(exposition, 'headgate_requests_total{');
  t.ok(found.includes(`headgate_requests_total{status="200",${CANARY}} 2`));
  t.ok(found.includes(`headgate_requests_total{status="418",${CANARY}} 1`));
});

t.test('the usual statuses of every version are there at 0 before the first request, and no other', async (t) => {
  const { exposition } = setUp();
  const found = (await lines(exposition, 'headgate_requests_total{')).filter((line) => line.includes('"talana"'));
  t.same(
    found,
    [CANARY, STABLE].flatMap((labels) =>
      [200, 404, 500, 502, 503, 504].map((status) => `headgate_requests_total{status="${status}",${labels}} 0`),
    ),
  );
});

t.test('requests that reached no version have empty labels', async (t) => {
  const { exposition, first, second } = setUp();
  recordUnrouted(first.worker, 404);
  recordUnrouted(second.worker, 404);
  recordUnrouted(second.worker, 431);
  const found = await lines(exposition, 'headgate_requests_total{');
  t.ok(found.includes(`headgate_requests_total{status="404",${NONE}} 2`));
  t.ok(found.includes(`headgate_requests_total{status="431",${NONE}} 1`));
  t.ok(found.includes(`headgate_requests_total{status="400",${NONE}} 0`));
});

t.test('the duration histogram is cumulative, and its count is that of +Inf', async (t) => {
  const { exposition, first, second } = setUp();
  recordOutcome(first.series(CANARY_KEY), 200, 1);
  recordOutcome(first.series(CANARY_KEY), 200, 250);
  recordOutcome(second.series(CANARY_KEY), 500, 249);
  recordOutcome(second.series(CANARY_KEY), 200, 31_000);
  const found = (await lines(exposition, 'headgate_request_duration_seconds_')).filter((line) => line.includes(CANARY));
  const expected = [1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 4];
  const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, '+Inf'];
  t.same(found, [
    ...bounds.map((le, i) => `headgate_request_duration_seconds_bucket{le="${le}",${CANARY}} ${expected[i]}`),
    `headgate_request_duration_seconds_sum{${CANARY}} 31.5`,
    `headgate_request_duration_seconds_count{${CANARY}} 4`,
  ]);
});

t.test('requests in flight are a gauge of every version', async (t) => {
  const { exposition, first, second } = setUp();
  enterFlight(first.series(CANARY_KEY));
  enterFlight(second.series(CANARY_KEY));
  t.same(await lines(exposition, 'headgate_requests_in_flight{'), [
    `headgate_requests_in_flight{${CANARY}} 2`,
    `headgate_requests_in_flight{${STABLE}} 0`,
  ]);
});

t.test('failures and retries show every reason, at 0 too', async (t) => {
  const { exposition, first } = setUp();
  recordFailure(first.series(CANARY_KEY), 'response_timeout');
  recordRetry(first.series(CANARY_KEY), 'reset');
  const failures = await lines(exposition, 'headgate_upstream_failures_total{');
  t.equal(failures.length, 2 * UPSTREAM_FAILURE_REASONS.length);
  t.same(
    failures.filter((line) => !line.endsWith(' 0')),
    [`headgate_upstream_failures_total{reason="response_timeout",${CANARY}} 1`],
  );
  t.same(await lines(exposition, 'headgate_retries_total{'), [
    `headgate_retries_total{reason="connect",${CANARY}} 0`,
    `headgate_retries_total{reason="reset",${CANARY}} 1`,
    `headgate_retries_total{reason="connect",${STABLE}} 0`,
    `headgate_retries_total{reason="reset",${STABLE}} 0`,
  ]);
});

t.test('attempts show every outcome, at 0 too', async (t) => {
  const { exposition, first, second } = setUp();
  recordAnswer(first.series(CANARY_KEY), 200);
  recordAnswer(second.series(CANARY_KEY), 404);
  recordAnswer(second.series(CANARY_KEY), 500);
  recordRefused(second.series(CANARY_KEY));
  const expected = { ok: 2, error: 1, connect_failed: 0, timeout: 0, reset: 0, refused: 1 };
  t.same(await lines(exposition, 'headgate_attempts_total{'), [
    ...Object.entries(expected).map(([outcome, n]) => `headgate_attempts_total{outcome="${outcome}",${CANARY}} ${n}`),
    ...Object.keys(expected).map((outcome) => `headgate_attempts_total{outcome="${outcome}",${STABLE}} 0`),
  ]);
});

t.test('fallbacks show every edge, at 0 too', async (t) => {
  const { exposition, second } = setUp();
  recordFallback(second.fallback(fallbackKey('talana', 'canary', 'stable', 'no_endpoints')));
  t.same(await lines(exposition, 'headgate_fallback_total{'), [
    'headgate_fallback_total{route="talana",from="canary",to="stable",reason="connect_failed"} 0',
    'headgate_fallback_total{route="talana",from="canary",to="stable",reason="no_endpoints"} 1',
    'headgate_fallback_total{route="talana",from="canary",to="stable",reason="unhealthy"} 0',
    'headgate_fallback_total{route="talana",from="stable",to="canary",reason="connect_failed"} 0',
    'headgate_fallback_total{route="talana",from="stable",to="canary",reason="no_endpoints"} 0',
    'headgate_fallback_total{route="talana",from="stable",to="canary",reason="unhealthy"} 0',
  ]);
});

t.test('the weight is that of the current table, 0 for a version without a share', async (t) => {
  const current = canaryRoute();
  const preview = version('shop/talana/66aa', { role: 'preview' });
  const { exposition } = setUp({}, { table: table({ ...current, versions: [...current.versions, preview] }) });
  t.same(await lines(exposition, 'headgate_weight{'), [
    `headgate_weight{${STABLE}} 90`,
    `headgate_weight{${CANARY}} 10`,
    'headgate_weight{route="talana",namespace="shop",rollout="talana",experiment="",role="preview",version="66aa"} 0',
  ]);
});

t.test('before the first table there are no weights, and the exposition stands', async (t) => {
  const { exposition } = setUp({ registry: new SeriesRegistry({ workers: 1, now: () => 0 }) }, { table: null });
  t.same(await lines(exposition, 'headgate_weight{'), []);
  t.same(await lines(exposition, 'headgate_table_generation{'), ['headgate_table_generation{worker="0"} 0']);
});

t.test('each worker shows its table and its connections', async (t) => {
  const { exposition, first, second } = setUp();
  first.worker[TABLE_GENERATION] = 4;
  second.worker[TABLE_GENERATION] = 3;
  add(second.worker, CONNECTIONS_OPEN, 2);
  add(second.worker, CONNECTIONS_ACCEPTED, 5);
  add(second.worker, CONNECTIONS_REFUSED_BASE + 1, 7);
  t.same(await lines(exposition, 'headgate_table_generation{'), [
    'headgate_table_generation{worker="0"} 4',
    'headgate_table_generation{worker="1"} 3',
  ]);
  t.same(await lines(exposition, 'headgate_connections'), [
    'headgate_connections{worker="0"} 0',
    'headgate_connections{worker="1"} 2',
    'headgate_connections_accepted_total{worker="0"} 0',
    'headgate_connections_accepted_total{worker="1"} 5',
    'headgate_connections_refused_total{worker="0",reason="connections"} 0',
    'headgate_connections_refused_total{worker="0",reason="connections_per_address"} 0',
    'headgate_connections_refused_total{worker="0",reason="accept_failed"} 0',
    'headgate_connections_refused_total{worker="1",reason="connections"} 0',
    'headgate_connections_refused_total{worker="1",reason="connections_per_address"} 7',
    'headgate_connections_refused_total{worker="1",reason="accept_failed"} 0',
  ]);
});

t.test('the state of source, configuration and workers is shown', async (t) => {
  const { exposition } = setUp({}, { configReloadSuccessful: false, workersRestarted: 2 });
  t.same(await lines(exposition, 'headgate_source'), [
    'headgate_source_synced 1',
    'headgate_source_last_event_timestamp_seconds 1700000000.5',
    'headgate_source_info{kind="kubernetes"} 1',
  ]);
  t.same(await lines(exposition, 'headgate_config'), ['headgate_config_last_reload_successful 0']);
  t.same(await lines(exposition, 'headgate_workers'), ['headgate_workers_restarted_total 2']);
  t.same(await lines(exposition, 'headgate_build'), [
    `headgate_build_info{version="0.1.0",node="${process.version}"} 1`,
  ]);
});

t.test('the number of problems is a gauge whose help says where they are listed', async (t) => {
  const { exposition } = setUp({}, { problems: 3 });
  t.same(await lines(exposition, 'headgate_problems'), ['headgate_problems 3']);
  t.match(await lines(exposition, '# HELP headgate_problems'), [/\/api\/table/]);
});

t.test('the help of a failed reload says what 0 means', async (t) => {
  const { exposition } = setUp();
  const [help] = await lines(exposition, '# HELP headgate_config_last_reload_successful');
  t.match(help, /0: it had a mistake, and the one before stays in force\.$/);
});

t.test('the help of retries says that those of a fallback count too', async (t) => {
  const { exposition } = setUp();
  t.match(await lines(exposition, '# HELP headgate_retries_total'), [/or to the version that falls in for it\.$/]);
});

t.test('the alias adds the same series under the names that templates in the wild use', async (t) => {
  const { exposition, first } = setUp({ httpAlias: true });
  recordOutcome(first.series(CANARY_KEY), 200, 3);
  for (const metric of ['requests_total', 'request_duration_seconds']) {
    const own = await lines(exposition, `headgate_${metric}`);
    const alias = await lines(exposition, `http_${metric}`);
    t.same(
      alias,
      own.map((line) => line.replace('headgate_', 'http_')),
    );
    t.ok(alias.length > 12);
  }
});

t.test('without the alias no series has those names', async (t) => {
  const { exposition } = setUp();
  t.same(await lines(exposition, 'http_'), []);
});

t.test('the prefix of the configuration stands before every name of ours', async (t) => {
  const { exposition } = setUp({ prefix: 'gate_' });
  t.same(await lines(exposition, 'headgate_'), []);
  t.ok((await lines(exposition, 'gate_requests_total{')).length > 0);
});

t.test('a prefix equal to the alias gives each series once', async (t) => {
  const { exposition } = setUp({ prefix: 'http_', httpAlias: true });
  t.equal((await lines(exposition, `http_requests_total{status="200",${CANARY}`)).length, 1);
});

t.test('a name with a quote, a backslash and a line break cannot break a line', async (t) => {
  const registry = new SeriesRegistry({ workers: 1, now: () => 0 });
  registry.update(table(route('a"b\\c\nd', [version('shop/talana/5d8c')])));
  const { exposition } = setUp({ registry });
  const found = await lines(exposition, 'headgate_requests_in_flight{');
  t.match(found[0], 'route="a\\"b\\\\c\\nd"');
});

t.test('no series appears twice', async (t) => {
  const { exposition } = setUp({ httpAlias: true });
  const found = (await exposition.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const names = found.map((line) => line.slice(0, line.lastIndexOf(' ')));
  t.equal(new Set(names).size, names.length);
});

t.test('promtool finds nothing to say about the exposition', async (t) => {
  const { exposition, first } = setUp({ httpAlias: true });
  recordOutcome(first.series(CANARY_KEY), 200, 3);
  recordOutcome(first.series(CANARY_KEY), 599, 40_000);
  const result = await promtool(await exposition.text());
  if (result === null)
    t.pass('promtool', { skip: 'promtool is not installed: it comes with the package `prometheus`' });
  else t.same(result, { code: 0, output: '' });
});

t.test('the content type is that of the text format', async (t) => {
  t.equal((await setUp().exposition.scrape('text')).contentType, 'text/plain; version=0.0.4; charset=utf-8');
});

t.test('a scrape of 400 Rollouts lets other work in between, and shows what there was when it began', async (t) => {
  const before = Array.from({ length: 400 }, (_, i) => canaryRoute(`rollout-${i}`));
  const registry = new SeriesRegistry({ workers: 4, now: () => 0 });
  registry.update(table(...before));
  const { exposition } = setUp({ registry }, { table: table(...before) });
  let turns = 0;
  const scraped = exposition.text();
  const between = setImmediate(function turn() {
    turns += 1;
    if (turns === 1) registry.update(table(...before, canaryRoute('newcomer')));
    setImmediate(turn).unref();
  });
  between.unref();
  const text = await scraped;
  t.ok(turns > 1, `${turns} turns`);
  t.notOk(text.includes('newcomer'));
  t.ok((await exposition.text()).includes('newcomer'));
});

t.test('1,000 Rollouts are scraped within half a second', async (t) => {
  const registry = new SeriesRegistry({ workers: 4, now: () => 0 });
  const many = table(...Array.from({ length: 1000 }, (_, i) => canaryRoute(`rollout-${i}`)));
  registry.update(many);
  const { exposition } = setUp({ registry }, { table: many });
  await exposition.text();
  const cpu = process.cpuUsage();
  const text = await exposition.text();
  // CPU time of this process, so that what else the machine does has no say.
  const { user, system } = process.cpuUsage(cpu);
  t.match(text, 'rollout="rollout-999"');
  t.ok(user + system < 500_000, `${(user + system) / 1000} ms`);
});

t.test('an exposition does not keep its process alive', async (t) => {
  const source = `
    const { SeriesRegistry } = await import(${JSON.stringify(new URL('../../src/telemetry/counters.ts', import.meta.url).href)});
    const { Exposition } = await import(${JSON.stringify(new URL('../../src/telemetry/exposition.ts', import.meta.url).href)});
    const registry = new SeriesRegistry({ workers: 1, now: Date.now });
    const state = () => ({ table: null, sourceSynced: true, sourceLastEventSeconds: 0, sourceKind: 'none', configReloadSuccessful: true, workersRestarted: 0, health: [], certificates: new Map() });
    await new Exposition({ registry, state, prefix: 'headgate_', httpAlias: false, version: '0' }).text();
    console.log('done');
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], {
    timeout: 20_000,
  });
  t.equal(stdout, 'done\n');
});
