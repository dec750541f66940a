import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { Route, Target } from '../../src/routing/table.ts';
import type { Block, Counted } from '../../src/telemetry/blocks.ts';
import { type CountersPatch, SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { fallbackKey, type SeriesLabels, seriesKey } from '../../src/telemetry/keys.ts';
import {
  CONNECTIONS_OPEN,
  ENDPOINTS_EJECTED,
  IN_FLIGHT,
  PENDING,
  STATUS_BASE,
  TABLE_GENERATION,
} from '../../src/telemetry/layout.ts';
import {
  add,
  enterFlight,
  enterQueue,
  leaveFlight,
  recordFallback,
  recordOutcome,
} from '../../src/telemetry/record.ts';
import { canaryRoute, route, table, target, version } from './tables.ts';

const MINUTE = 60_000;
const STABLE = version('shop/talana/5d8c');
const CANARY = version('shop/talana/7f9b', { role: 'canary' });
const STABLE_KEY = seriesKey('talana', STABLE);
const CANARY_KEY = seriesKey('talana', CANARY);
const BOTH = table(canaryRoute());
const ONLY_STABLE = table(route('talana', [STABLE]));

/** A registry with a clock that the test moves, and its workers with every patch applied. */
function setUp(workers = 1) {
  const clock = { now: 1_000 };
  const registry = new SeriesRegistry({ workers, now: () => clock.now });
  const counters: WorkerCounters[] = [];
  const patch = (patches: readonly CountersPatch[]): void => {
    for (const [slot, one] of patches.entries()) {
      const worker = counters[slot];
      if (worker === undefined) counters[slot] = new WorkerCounters(one);
      else worker.apply(one);
    }
  };
  const worker = (slot = 0): WorkerCounters => {
    const found = counters[slot];
    if (found === undefined) throw new Error('no patch yet');
    return found;
  };
  return { clock, registry, patch, worker };
}

function find(series: readonly Counted<SeriesLabels>[], role: string): readonly Block[] | undefined {
  return series.find(({ labels }) => labels.role === role)?.blocks;
}

function oks(blocks: readonly Block[] | undefined): (number | undefined)[] | undefined {
  return blocks?.map((block) => block[STATUS_BASE + 100]);
}

t.test('each worker counts into its own block, which the main thread reads', async (t) => {
  const { registry, patch, worker } = setUp(2);
  patch(registry.update(BOTH));
  recordOutcome(worker(0).series(CANARY_KEY), 200, 1);
  recordOutcome(worker(1).series(CANARY_KEY), 200, 1);
  recordOutcome(worker(1).series(CANARY_KEY), 200, 1);
  t.same(oks(find(registry.series(), 'canary')), [1, 2]);
  t.same(oks(find(registry.series(), 'stable')), [0, 0]);
});

t.test('a patch carries only what is new', async (t) => {
  const { registry } = setUp();
  t.same(
    registry.update(ONLY_STABLE)[0]?.series.map(([key]) => key),
    [STABLE_KEY],
  );
  t.same(
    registry.update(BOTH)[0]?.series.map(([key]) => key),
    [CANARY_KEY],
  );
  t.same(registry.update(BOTH)[0]?.series, []);
});

t.test('a series that is gone stays for 15 minutes and is then forgotten on both sides', async (t) => {
  const { clock, registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  recordOutcome(worker().series(CANARY_KEY), 200, 1);
  patch(registry.update(ONLY_STABLE));
  clock.now += 15 * MINUTE - 1;
  t.same(oks(find(registry.series(), 'canary')), [1]);
  clock.now += 1;
  t.equal(find(registry.series(), 'canary'), undefined);
  t.ok(worker().series(CANARY_KEY), 'the worker keeps its block until the next patch');
  patch(registry.update(ONLY_STABLE));
  t.throws(() => worker().series(CANARY_KEY), /no counters for/);
});

t.test('a series that comes back within 15 minutes goes on from its count', async (t) => {
  const { clock, registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  recordOutcome(worker().series(CANARY_KEY), 200, 1);
  patch(registry.update(ONLY_STABLE));
  clock.now += 14 * MINUTE;
  patch(registry.update(BOTH));
  clock.now += 14 * MINUTE;
  recordOutcome(worker().series(CANARY_KEY), 200, 1);
  t.same(oks(find(registry.series(), 'canary')), [2]);
});

t.test('a series that comes back after it was forgotten starts at 0 with a block that the worker has', async (t) => {
  const { clock, registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  recordOutcome(worker().series(CANARY_KEY), 200, 1);
  patch(registry.update(ONLY_STABLE));
  clock.now += 15 * MINUTE;
  registry.series();
  patch(registry.update(BOTH));
  recordOutcome(worker().series(CANARY_KEY), 200, 1);
  t.same(oks(find(registry.series(), 'canary')), [1]);
});

t.test('a gone series with a request in flight is kept until that request has ended', async (t) => {
  const { clock, registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  const block = worker().series(CANARY_KEY);
  enterFlight(block);
  patch(registry.update(ONLY_STABLE));
  clock.now += 60 * MINUTE;
  t.ok(find(registry.series(), 'canary'));
  leaveFlight(block);
  t.equal(find(registry.series(), 'canary'), undefined);
});

t.test('a role of its own makes a series of its own', async (t) => {
  const { registry, patch } = setUp();
  patch(registry.update(BOTH));
  patch(registry.update(table(route('talana', [version('shop/talana/7f9b')]))));
  t.same(
    registry.series().map(({ labels }) => `${labels.role} ${labels.version}`),
    ['canary 7f9b', 'stable 5d8c', 'stable 7f9b'],
  );
});

t.test('two versions with the same labels share one series', async (t) => {
  const { registry, patch } = setUp();
  const twin = { ...STABLE, key: 'shop/other/5d8c' };
  patch(registry.update(table(route('talana', [STABLE, twin]))));
  t.equal(registry.series().length, 1);
});

t.test('a lost worker has nothing open any more, and its counts stay', async (t) => {
  const { registry, patch, worker } = setUp(2);
  patch(registry.update(BOTH));
  for (const slot of [0, 1]) {
    enterFlight(worker(slot).series(CANARY_KEY));
    enterQueue(worker(slot).series(CANARY_KEY));
    add(worker(slot).series(CANARY_KEY), ENDPOINTS_EJECTED, 2);
    recordOutcome(worker(slot).series(CANARY_KEY), 200, 1);
    add(worker(slot).worker, CONNECTIONS_OPEN, 3);
    add(worker(slot).worker, TABLE_GENERATION, 7);
  }
  registry.workerLost(1);
  const canary = find(registry.series(), 'canary');
  t.same(
    canary?.map((block) => [block[IN_FLIGHT], block[PENDING], block[ENDPOINTS_EJECTED]]),
    [
      [1, 1, 2],
      [0, 0, 0],
    ],
  );
  t.same(oks(canary), [1, 1]);
  t.same(
    registry.workers().map((block) => [block[CONNECTIONS_OPEN], block[TABLE_GENERATION]]),
    [
      [3, 7],
      [0, 0],
    ],
  );
});

t.test('a replacement worker goes on in the blocks of its slot', async (t) => {
  const { registry, patch, worker } = setUp(2);
  patch(registry.update(BOTH));
  recordOutcome(worker(1).series(CANARY_KEY), 200, 1);
  registry.workerLost(1);
  const replacement = new WorkerCounters(registry.blocksFor(1));
  recordOutcome(replacement.series(CANARY_KEY), 200, 1);
  add(replacement.worker, CONNECTIONS_OPEN, 1);
  t.same(oks(find(registry.series(), 'canary')), [0, 2]);
  t.equal(registry.workers()[1]?.[CONNECTIONS_OPEN], 1);
});

t.test('a worker slot that does not exist is refused', async (t) => {
  const { registry } = setUp(2);
  t.throws(() => registry.blocksFor(2), /worker slot 2 is not one of 2/);
});

/** `from to reason` of each edge. */
function edges(registry: SeriesRegistry): string[] {
  return registry.fallbacks().map(({ labels }) => `${labels.from} ${labels.to} ${labels.reason}`);
}

/** A rule with this target, and an experiment header with that one. */
function withTargets(rule: Target, experiment: Target): Partial<Route> {
  return {
    rules: [{ origin: 'step', label: 's', header: 'x', match: { kind: 'present' }, target: rule }],
    experiments: { header: 'e', values: [['token', experiment]] },
  };
}

t.test('every edge between versions has its fallback counters', async (t) => {
  const { registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  recordFallback(worker().fallback(fallbackKey('talana', 'canary', 'stable', 'no_endpoints')));
  t.same(edges(registry), [
    'canary stable connect_failed',
    'canary stable no_endpoints',
    'canary stable unhealthy',
    'stable canary connect_failed',
    'stable canary no_endpoints',
    'stable canary unhealthy',
  ]);
  t.same(
    registry.fallbacks().map(({ blocks }) => blocks[0]?.[0]),
    [0, 1, 0, 0, 0, 0],
  );
});

t.test('a target compiled to its replacement has a fallback counter with its reason', async (t) => {
  const { registry, patch } = setUp();
  const aborted = target({ reason: 'aborted' });
  const absent = target({ asked: 'experiment', reason: 'absent' });
  patch(registry.update(table(route('talana', [STABLE], withTargets(aborted, absent)))));
  t.same(edges(registry), ['canary stable aborted', 'experiment stable absent']);
});

t.test('a target whose replacement falls back in its turn has a counter with the first reason', async (t) => {
  const { registry, patch } = setUp();
  const versions = [{ ...STABLE, fallback: [1] }, CANARY];
  const absent = target({ asked: 'experiment', reason: 'absent' });
  const strict = target({ reason: 'aborted', fallback: false });
  patch(registry.update(table(route('talana', versions, withTargets(strict, absent)))));
  t.same(edges(registry), [
    'canary stable aborted',
    'experiment canary absent',
    'experiment stable absent',
    'stable canary connect_failed',
    'stable canary no_endpoints',
    'stable canary unhealthy',
  ]);
});

t.test('a fallback that the table does not have is counted nowhere, and harms no request', async (t) => {
  const { registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  recordFallback(worker().fallback(fallbackKey('talana', 'canary', 'stable', 'aborted')));
  t.ok(registry.fallbacks().every(({ blocks }) => blocks[0]?.[0] === 0));
});

t.test('a static version is called by its name in a fallback', async (t) => {
  const { registry, patch } = setUp();
  const blue = version('static/plain/blue', { role: 'static', namespace: '', rollout: '', fallback: [1] });
  const green = version('static/plain/green', { role: 'static', namespace: '', rollout: '' });
  patch(registry.update(table(route('plain', [blue, green]))));
  t.match(registry.fallbacks()[0]?.labels, { from: 'blue', to: 'green' });
});

t.test('a patch crosses to a thread, whose counts are seen here', async (t) => {
  const { registry } = setUp();
  const [patch] = registry.update(BOTH);
  const source = `
    import { workerData } from 'node:worker_threads';
    const { WorkerCounters } = await import(workerData.counters);
    const { recordOutcome } = await import(workerData.record);
    const block = new WorkerCounters(workerData.patch).series(workerData.key);
    for (let i = 0; i < 1000; i++) recordOutcome(block, 200, 3);
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: {
      counters: new URL('../../src/telemetry/counters.ts', import.meta.url).href,
      record: new URL('../../src/telemetry/record.ts', import.meta.url).href,
      patch,
      key: CANARY_KEY,
    },
  });
  const code = await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  t.equal(code, 0);
  t.same(oks(find(registry.series(), 'canary')), [1000]);
});

/** Where a block lies in memory. */
const places = new WeakMap<SharedArrayBuffer, number>();
let slabs = 0;
function place(block: Block): string {
  if (!places.has(block.buffer)) places.set(block.buffer, slabs++);
  return `${places.get(block.buffer)}:${block.byteOffset}`;
}

t.test(
  'a thousand rollouts of one application, one a minute, leave the series of the last quarter of an hour',
  async (t) => {
    const { clock, registry, patch, worker } = setUp(2);
    const keys = new Set<string>();
    const used = new Set<string>();
    let most = 0;
    for (let i = 0; i < 1000; i++) {
      const stable = version(`shop/talana/${i}`, { fallback: [1] });
      const canary = version(`shop/talana/${i + 1}`, { role: 'canary', fallback: [0] });
      const patches = registry.update(table(route('talana', [stable, canary])));
      patch(patches);
      for (const [key, block] of patches[0]?.series ?? []) {
        keys.add(key);
        used.add(place(block));
        recordOutcome(worker().series(key), 200, 1);
      }
      most = Math.max(most, registry.series().length);
      clock.now += MINUTE;
    }
    t.equal(keys.size, 2000, 'each version was canary and stable');
    // Two a minute for 15 minutes, and the two that are there.
    t.equal(most, 32);
    const known = [...keys].filter((key) => {
      try {
        return worker().series(key) !== undefined;
      } catch {
        return false;
      }
    });
    t.equal(known.length, 32, 'the workers have forgotten as many');
    t.ok(used.size <= 64, `${used.size} places in memory: what was forgotten is used again a quarter of an hour later`);
    t.equal(registry.fallbacks().length, 6);
  },
);

t.test('the block of a forgotten series begins at 0 when another series gets it', async (t) => {
  const { clock, registry, patch, worker } = setUp();
  patch(registry.update(BOTH));
  const before = worker().series(CANARY_KEY);
  recordOutcome(before, 200, 1);
  patch(registry.update(ONLY_STABLE));
  clock.now += 15 * MINUTE;
  patch(registry.update(ONLY_STABLE));
  const next = (hash: string): Float64Array => {
    const other = version(`shop/talana/${hash}`, { role: 'canary' });
    patch(registry.update(table(route('talana', [STABLE, other]))));
    return worker().series(seriesKey('talana', other));
  };
  t.not(next('early').byteOffset, before.byteOffset, 'a request that was decided long ago may still write to it');
  clock.now += 15 * MINUTE;
  const reused = next('late');
  t.equal(reused.byteOffset, before.byteOffset);
  t.ok(reused.every((value) => value === 0));
});

t.test('two series share no number', async (t) => {
  const { registry, patch, worker } = setUp();
  const routes = Array.from({ length: 100 }, (_, i) => route(`r${i}`, [version(`shop/r${i}/a`)]));
  patch(registry.update(table(...routes)));
  for (const one of routes)
    worker()
      .series(seriesKey(one.name, version(`shop/${one.name}/a`)))
      .fill(1);
  for (const [index, { blocks }] of registry.series().entries()) blocks[0]?.fill(index);
  t.ok(registry.series().every(({ blocks }, index) => blocks[0]?.every((value) => value === index)));
  t.equal(registry.series().length, 100);
});
