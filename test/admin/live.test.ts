import t, { type Test } from 'tap';
import { request } from 'undici';
import type { LiveView } from '../../src/admin/live-view.ts';
import { startAdmin } from '../../src/admin/server.ts';
import type { TableState } from '../../src/admin/state.ts';
import type { Route } from '../../src/routing/table.ts';
import { SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { seriesKey } from '../../src/telemetry/keys.ts';
import { RecentTraffic, STEP_MS } from '../../src/telemetry/recent-traffic.ts';
import { recordAttempt, recordOutcome } from '../../src/telemetry/record.ts';
import { canaryRoute, table, target } from '../telemetry/tables.ts';
import { STATE } from './admin-state.ts';

/** An admin server over these routes, and what counts for them. */
async function setUp(t: Test, routes: readonly Route[], change: Partial<TableState> = {}) {
  let now = 5_000_000;
  const current = table(...routes);
  const registry = new SeriesRegistry({ workers: 1, now: () => now });
  const recent = new RecentTraffic(registry, () => now);
  const [patch] = registry.update(current);
  if (patch === undefined) throw new Error('no worker');
  const counters = new WorkerCounters(patch);
  const admin = await startAdmin({
    listen: { address: '127.0.0.1', port: 0 },
    state: {
      ...STATE,
      table: () => ({ ...STATE.table(), generation: 3, workers: [3, 2], table: current, ...change }),
      live: () => ({ recent, version: '0.1.0', startedAt: 1_000, now }),
    },
  });
  t.teardown(() => admin.close());
  const answer = async (query = '') => {
    const { statusCode, body } = await request(`http://127.0.0.1:${admin.port}/api/live${query}`);
    return { status: statusCode, text: await body.text() };
  };
  const live = async (query = ''): Promise<LiveView> => JSON.parse((await answer(query)).text);
  const count = (route: Route, index: number, times: number, outcome: 'ok' | 'error' = 'ok'): void => {
    const version = route.versions[index];
    if (version === undefined) throw new Error(`no version ${index}`);
    const block = counters.series(seriesKey(route.name, version));
    for (let i = 0; i < times; i++) {
      recordOutcome(block, outcome === 'ok' ? 200 : 500, 20);
      recordAttempt(block, outcome);
    }
  };
  const step = (): void => {
    now += STEP_MS;
    recent.sample(current);
  };
  return { answer, live, count, step };
}

const many = (count: number): Route[] =>
  Array.from({ length: count }, (_, i) => ({
    ...canaryRoute(`app-${String(i).padStart(4, '0')}`),
    hosts: [`h${i}.example`],
  }));

t.test('it says what the process is, and sums what all routes do', async (t) => {
  const shop = canaryRoute();
  const { live, count, step } = await setUp(t, [shop], {
    problems: [{ place: 'a.yaml:3', message: 'no Service', remedy: 'write one' }],
  });
  count(shop, 0, 18);
  count(shop, 1, 2, 'error');
  step();
  t.match(await live(), {
    now: 5_002_000,
    headgate: { version: '0.1.0', startedAt: 1_000, unready: null, generation: 3, workers: [3, 2] },
    windowSeconds: 2,
    totals: { requestsPerSecond: 10, failureRate: 0.1, unroutedPerSecond: 0, moving: 1 },
    problems: { count: 1, items: [{ place: 'a.yaml:3', message: 'no Service', remedy: 'write one' }] },
    routes: { total: 1, matching: 1, offset: 0 },
    route: null,
  });
});

t.test('a route that is asked for has its versions side by side', async (t) => {
  const shop = canaryRoute();
  const { live, count, step } = await setUp(t, [shop], {
    reasons: { talana: 'step 1 of 4' },
    endpoints: {
      'shop/talana/5d8c': [
        { host: '10.0.0.1', port: 80 },
        { host: '10.0.0.2', port: 80 },
        { host: '10.0.0.3', port: 80 },
      ],
    },
    healthOf: (key) => (key === 'shop/talana/5d8c' ? { '10.0.0.2:80': 'unhealthy' } : null),
    // By one of the two workers.
    leftOut: (key): Record<string, number> => (key === 'shop/talana/5d8c' ? { '10.0.0.3:80': 1 } : {}),
  });
  step();
  count(shop, 0, 15);
  count(shop, 1, 4);
  count(shop, 1, 1, 'error');
  step();
  const { route } = await live('?route=talana');
  t.match(route, {
    name: 'talana',
    rollout: 'shop/talana',
    because: 'step 1 of 4',
    shareSeconds: 4,
    times: [5_002_000, 5_004_000],
    rules: [
      { origin: 'route', header: 'x-canary', match: '= "true"', asked: 'canary', to: ['canary 7f9b'], reason: null },
    ],
    rulesTotal: 1,
    gone: [],
  });
  const [stable, canary] = route?.versions ?? [];
  t.match(stable, {
    role: 'stable',
    name: '5d8c',
    wanted: 0.9,
    share: 0.75,
    attempts: 15,
    failures: 0,
    failureRate: 0,
  });
  t.match(stable?.endpoints, { total: 3, usable: 2 });
  t.same(stable?.listed, [
    { address: '10.0.0.2:80', state: 'unhealthy' },
    { address: '10.0.0.3:80', state: 'ejected' },
    { address: '10.0.0.1:80', state: 'ready' },
  ]);
  t.match(canary, {
    role: 'canary',
    wanted: 0.1,
    share: 0.25,
    failures: 1,
    failureRate: 0.2,
    fallback: ['stable 5d8c'],
  });
  t.ok(Math.abs((canary?.p95 ?? 0) - 0.02) < 0.0004, `${canary?.p95}`);
  t.same(canary?.history.requestsPerSecond, [0, 2.5]);
  t.same(canary?.history.failureRate, [null, 0.2]);
});

t.test('values of an experiment header are rules, and a target that is not there says who answers', async (t) => {
  const experiments = {
    header: 'x-experiment',
    values: [['token', target({ asked: 'experiment', reason: 'absent' })]],
  } as const;
  const { live } = await setUp(t, [{ ...canaryRoute(), experiments }]);
  t.same((await live('?route=talana')).route?.rules.at(-1), {
    origin: 'experiment',
    header: 'x-experiment',
    match: '= "token"',
    asked: 'experiment',
    to: ['stable 5d8c'],
    reason: 'absent',
  });
});

t.test('a route that is not there is null, and the rest is answered', async (t) => {
  const { live } = await setUp(t, [canaryRoute()]);
  t.match(await live('?route=other'), { route: null, routes: { total: 1 } });
});

t.test('of a thousand routes an answer has a page, and stays small', async (t) => {
  const { answer, live } = await setUp(t, many(1000));
  const { text } = await answer();
  t.ok(text.length < 40_000, `${text.length} bytes`);
  const page = await live('?offset=990&limit=100');
  t.match(page.routes, { total: 1000, matching: 1000, offset: 990 });
  t.same(page.routes.items.map(({ name }) => name).slice(-1), ['app-0999']);
  t.equal(page.routes.items.length, 10);
  t.equal((await live('?limit=0&route=app-0007')).routes.items.length, 0);
});

t.test('routes are found by name, host, Rollout and hash', async (t) => {
  const { live } = await setUp(t, many(30));
  const names = async (text: string) => (await live(`?q=${text}`)).routes.items.map(({ name }) => name);
  t.same(await names('APP-0007'), ['app-0007']);
  t.same(await names('h12.example'), ['app-0012']);
  t.same(await names('shop%2Fapp-0003'), ['app-0003']);
  t.equal((await names('7f9b')).length, 30);
  t.same(await names('nothing'), []);
});

t.test('routes are ordered by what they do, and those that fail can be looked at alone', async (t) => {
  const routes = many(3);
  const { live, count, step } = await setUp(t, routes, {
    endpoints: Object.fromEntries(
      routes.flatMap(({ versions }) => versions.map(({ key }) => [key, [{ host: '10.0.0.1', port: 80 }]])),
    ),
  });
  const [first, second, third] = routes;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three routes');
  count(second, 0, 9);
  count(third, 1, 2, 'error');
  step();
  const names = async (query: string) => (await live(query)).routes.items.map(({ name }) => name);
  t.same(await names('?sort=rate'), ['app-0001', 'app-0002', 'app-0000']);
  t.same(await names('?sort=failures'), ['app-0002', 'app-0000', 'app-0001']);
  t.same(await names('?only=failing'), ['app-0002']);
  t.equal((await names('?only=moving')).length, 3);
});

t.test('what it cannot understand it refuses in one line', async (t) => {
  const { answer } = await setUp(t, []);
  const refused = async (query: string, line: string) =>
    t.match(await answer(query), { status: 400, text: `${line}\n` });
  await refused('?routes=a', '"routes" is no parameter; there are route q only sort offset limit');
  await refused('?only=bad', 'only must be one of all moving failing');
  await refused('?sort=size', 'sort must be one of name rate failures');
  await refused('?offset=-1', 'offset must be a whole number');
  await refused('?limit=101', 'limit must be a whole number up to 100');
});
