import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { Block, Counted } from '../../src/telemetry/blocks.ts';
import { WorkerCounters } from '../../src/telemetry/counters.ts';
import { type SeriesLabels, seriesKey } from '../../src/telemetry/keys.ts';
import {
  CONNECTIONS_OPEN,
  ENDPOINTS_EJECTED,
  IN_FLIGHT,
  PENDING,
  STATUS_BASE,
  TABLE_GENERATION,
} from '../../src/telemetry/layout.ts';
import { add, enterFlight, enterQueue, leaveFlight, recordOutcome } from '../../src/telemetry/record.ts';
import { BOTH, CANARY_KEY, counting, MINUTE, ONLY_STABLE, STABLE } from './counting.ts';
import { route, table, version } from './tables.ts';

const STABLE_KEY = seriesKey('talana', STABLE);

function find(series: readonly Counted<SeriesLabels>[], role: string): readonly Block[] | undefined {
  return series.find(({ labels }) => labels.role === role)?.blocks;
}

function oks(blocks: readonly Block[] | undefined): (number | undefined)[] | undefined {
  return blocks?.map((block) => block[STATUS_BASE + 100]);
}

t.test('each worker counts into its own block, which the main thread reads', async (t) => {
  const { registry, patch, worker } = counting(2);
  patch(registry.update(BOTH));
  recordOutcome(worker(0).series(CANARY_KEY), 200, 1);
  recordOutcome(worker(1).series(CANARY_KEY), 200, 1);
  recordOutcome(worker(1).series(CANARY_KEY), 200, 1);
  t.same(oks(find(registry.series(), 'canary')), [1, 2]);
  t.same(oks(find(registry.series(), 'stable')), [0, 0]);
});

t.test('a patch carries only what is new', async (t) => {
  const { registry } = counting();
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
  const { clock, registry, patch, worker } = counting();
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
  const { clock, registry, patch, worker } = counting();
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
  const { clock, registry, patch, worker } = counting();
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
  const { clock, registry, patch, worker } = counting();
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
  const { registry, patch } = counting();
  patch(registry.update(BOTH));
  patch(registry.update(table(route('talana', [version('shop/talana/7f9b')]))));
  t.same(
    registry.series().map(({ labels }) => `${labels.role} ${labels.version}`),
    ['canary 7f9b', 'stable 5d8c', 'stable 7f9b'],
  );
});

t.test('two versions with the same labels share one series', async (t) => {
  const { registry, patch } = counting();
  const twin = { ...STABLE, key: 'shop/other/5d8c' };
  patch(registry.update(table(route('talana', [STABLE, twin]))));
  t.equal(registry.series().length, 1);
});

t.test('a lost worker has nothing open any more, and its counts stay', async (t) => {
  const { registry, patch, worker } = counting(2);
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
  const { registry, patch, worker } = counting(2);
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
  const { registry } = counting(2);
  t.throws(() => registry.blocksFor(2), /worker slot 2 is not one of 2/);
});

t.test('a patch crosses to a thread, whose counts are seen here', async (t) => {
  const { registry } = counting();
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
