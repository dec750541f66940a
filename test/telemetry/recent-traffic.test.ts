import t from 'tap';
import type { Route, Version } from '../../src/routing/table.ts';
import { SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { seriesKey, seriesLabels } from '../../src/telemetry/keys.ts';
import { RecentTraffic, STEP_MS } from '../../src/telemetry/recent-traffic.ts';
import { STEPS, WINDOW_STEPS } from '../../src/telemetry/recent-version.ts';
import { recordAttempt, recordFallback, recordOutcome, recordUnrouted } from '../../src/telemetry/record.ts';
import { canaryRoute, route, table, version } from './tables.ts';

/** A registry of two workers, what they count, and a clock that moves by whole steps. */
function setUp(...first: readonly Route[]) {
  let now = 1_000_000;
  let current = table(...first);
  const registry = new SeriesRegistry({ workers: 2, now: () => now });
  const recent = new RecentTraffic(registry, () => now);
  const workers = registry.update(current).map((patch) => new WorkerCounters(patch));
  const step = (count = 1): void => {
    for (let i = 0; i < count; i++) {
      now += STEP_MS;
      recent.sample(current);
    }
  };
  const change = (next: Route): void => {
    current = table(next);
    for (const [i, patch] of registry.update(current).entries()) workers[i]?.apply(patch);
  };
  const block = (of: Route, index: number, worker = 0): Float64Array => {
    const one = of.versions[index];
    if (one === undefined) throw new Error(`no version ${index}`);
    return workers[worker]?.series(seriesKey(of.name, one)) ?? new Float64Array();
  };
  const labels = (of: Route, index: number) => seriesLabels(of, of.versions[index] ?? version(''));
  return { registry, recent, workers, step, change, block, labels };
}

const requests = (block: Float64Array, count: number, ms: number): void => {
  for (let i = 0; i < count; i++) {
    recordOutcome(block, 200, ms);
    recordAttempt(block, 'ok');
  }
};

t.test('figures are those of the window, over all workers', async (t) => {
  const shop = canaryRoute();
  const { recent, step, block, labels } = setUp(shop);
  requests(block(shop, 0, 0), 30, 10);
  requests(block(shop, 0, 1), 30, 10);
  recordAttempt(block(shop, 0, 1), 'timeout');
  step(2);
  t.match(recent.figures(labels(shop, 0)), { requestsPerSecond: 15, requests: 60, attempts: 61, failures: 1 });
  t.match(recent.figures(labels(shop, 1)), { requestsPerSecond: 0, attempts: 0, failures: 0 });
  for (const seconds of recent.quantiles(labels(shop, 0))) t.ok(Math.abs(seconds - 0.01) < 0.0002, `${seconds}`);
  t.ok(recent.quantiles(labels(shop, 1)).every(Number.isNaN));
  step(WINDOW_STEPS);
  t.match(recent.figures(labels(shop, 0)), { requestsPerSecond: 0, attempts: 0 });
  t.ok(recent.quantiles(labels(shop, 0)).every(Number.isNaN));
  t.equal(recent.windowSeconds, 30);
});

t.test('a history has a number for each step, in order, and forgets what is older than five minutes', async (t) => {
  const shop = canaryRoute();
  const { recent, step, block, labels } = setUp(shop);
  requests(block(shop, 0), 4, 1);
  step();
  recordAttempt(block(shop, 0), 'error');
  step();
  t.strictSame(recent.history(labels(shop, 0)).requestsPerSecond, [2, 0]);
  t.strictSame(recent.history(labels(shop, 0)).failureRate, [0, 1]);
  t.strictSame(recent.history(labels(shop, 0)).p50.map(Number.isNaN), [false, true]);
  t.equal(recent.times().length, 2);
  step(STEPS - 1);
  t.equal(recent.times().length, STEPS);
  t.equal(recent.history(labels(shop, 0)).failureRate[0], 1);
  step();
  t.ok(recent.history(labels(shop, 0)).failureRate.every(Number.isNaN));
});

t.test('a version keeps its history through a change of its role, and nothing is counted twice', async (t) => {
  const shop = canaryRoute();
  const { recent, step, change, block, labels } = setUp(shop);
  requests(block(shop, 1), 10, 1);
  step();
  const promoted: Version = version('shop/talana/7f9b', { role: 'stable' });
  const after = route('talana', [promoted], { split: [{ version: 0, weight: 100 }] });
  change(after);
  requests(block(after, 0), 6, 1);
  step();
  t.strictSame(recent.history(labels(after, 0)).requestsPerSecond, [5, 3]);
  t.equal(recent.figures(labels(after, 0)).requests, 16);
  t.same(
    recent.versionsOf('talana').map((one) => one.version),
    ['7f9b'],
    'one that never had traffic is not remembered',
  );
});

t.test('a version is not remembered after five minutes without traffic', async (t) => {
  const shop = canaryRoute();
  const { recent, step, block } = setUp(shop);
  requests(block(shop, 0), 1, 1);
  step(STEPS);
  t.equal(recent.versionsOf('talana').length, 1);
  step();
  t.equal(recent.versionsOf('talana').length, 0);
});

t.test('shares are counted from the first whole step after the weights have changed', async (t) => {
  const shop = canaryRoute();
  const { recent, step, change, block, labels } = setUp(shop);
  step();
  requests(block(shop, 0), 100, 1);
  step();
  t.equal(recent.requestsSinceSplit(labels(shop, 0)), 100);
  const half = {
    ...shop,
    split: [
      { version: 0, weight: 50 },
      { version: 1, weight: 50 },
    ],
  };
  change(half);
  requests(block(shop, 0), 7, 1);
  step();
  t.equal(recent.requestsSinceSplit(labels(shop, 0)), 0, 'the step has requests of before');
  t.equal(recent.secondsSinceSplit('talana'), 0);
  requests(block(shop, 0), 5, 1);
  requests(block(shop, 1), 5, 1);
  step();
  t.equal(recent.requestsSinceSplit(labels(shop, 0)), 5);
  t.equal(recent.requestsSinceSplit(labels(shop, 1)), 5);
  t.equal(recent.secondsSinceSplit('talana'), 2);
  change({ ...half, hosts: ['a.example'] });
  step();
  t.equal(recent.requestsSinceSplit(labels(shop, 0)), 5, 'another change of the route is none of the weights');
});

t.test('fallbacks and requests without a route are counted by the second', async (t) => {
  const shop = canaryRoute();
  const { recent, workers, step } = setUp(shop);
  step();
  t.same(recent.fallbacks('talana'), []);
  const edge = workers[0]?.fallback(JSON.stringify(['talana', 'canary', 'stable', 'no_endpoints']));
  for (let i = 0; i < 8; i++) recordFallback(edge ?? new Float64Array());
  recordUnrouted(workers[1]?.worker ?? new Float64Array(), 404);
  step();
  t.match(recent.fallbacks('talana'), [
    { labels: { from: 'canary', to: 'stable', reason: 'no_endpoints' }, perSecond: 2, recent: 8, total: 8 },
  ]);
  t.equal(recent.totals().unroutedPerSecond, 0.25);
});

t.test('what happens to a version that nobody asks costs no memory', async (t) => {
  const shop = canaryRoute();
  const { recent, step } = setUp(shop);
  step(3);
  t.same(recent.versionsOf('talana'), []);
  t.match(recent.totals(), { requestsPerSecond: 0, attempts: 0, failures: 0 });
});

t.test(
  'with many busy versions durations are read of the routes that somebody looks at, and of nothing before',
  async (t) => {
    const routes = Array.from({ length: 40 }, (_, i) => canaryRoute(`app-${i}`));
    const [first] = routes;
    if (first === undefined) throw new Error('40 routes');
    const { recent, step, block, labels } = setUp(...routes);
    const everywhere = (ms: number): void => {
      for (const one of routes) for (const index of [0, 1]) requests(block(one, index), 2, ms);
    };
    everywhere(1);
    step();
    t.equal(recent.figures(labels(first, 0)).requests, 2, 'requests are counted all the same');
    t.ok(recent.quantiles(labels(first, 0)).every(Number.isNaN));
    recent.look('app-0');
    everywhere(50);
    step();
    t.ok(recent.quantiles(labels(first, 0)).every(Number.isNaN), 'where reading begins');
    everywhere(10);
    step();
    for (const seconds of recent.quantiles(labels(first, 0))) t.ok(Math.abs(seconds - 0.01) < 0.0002, `${seconds}`);
    t.ok(recent.quantiles(labels(routes[1] ?? first, 0)).every(Number.isNaN), 'nobody looks at the others');
    step(STEPS + 1);
    everywhere(10);
    step();
    t.ok(recent.quantiles(labels(first, 0)).every(Number.isNaN), 'nor at this one any more');
    recent.look('app-0');
    everywhere(70);
    step();
    t.ok(recent.quantiles(labels(first, 0)).every(Number.isNaN), 'what came meanwhile is none of this step');
  },
);
