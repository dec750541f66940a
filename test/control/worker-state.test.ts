import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { DataPlane } from '../../src/proxy/data-plane.ts';
import type { ToWorker } from '../../src/proxy/messages.ts';
import { ProxyLog } from '../../src/proxy/proxy-log.ts';
import { applyRouteChanges } from '../../src/proxy/route-changes.ts';
import { WorkerPool } from '../../src/proxy/worker-pool.ts';
import type { Endpoint, EndpointMap, Role, Route, RoutingTable } from '../../src/routing/table.ts';
import { type CountersPatch, SeriesRegistry } from '../../src/telemetry/counters.ts';
import { seriesKey } from '../../src/telemetry/keys.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { testSettings } from '../lib/test-settings.ts';
import { seededRandom } from '../routing/seeded-random.ts';

/* What a worker has after any number of messages is what one has that was told everything at once. */

const RETAIN_MS = 1_000;
const SETTINGS = testSettings();
const logger = createLogger({ level: 'silent' });

/** Does what `worker.ts` does with its messages, where the test can look at it. */
class Replica {
  table: RoutingTable = { routes: [] };
  readonly plane: DataPlane;

  constructor(counters: CountersPatch) {
    this.plane = new DataPlane(SETTINGS, counters, new ProxyLog(logger, null));
  }

  receive(message: ToWorker & { type: 'table' | 'endpoints' }): void {
    // The routes as they arrive in another thread; the counters are shared memory there too.
    this.plane.applyEndpoints(structuredClone(message.changes));
    if (message.type === 'endpoints') return;
    this.table = applyRouteChanges(this.table, structuredClone(message.routes));
    this.plane.applyTable(this.table, message.counters, message.generation);
  }
}

/** A pool of one worker, and a replica of the worker that is alive. */
async function scene(t: Test) {
  const replicas = new Map<Worker, Replica>();
  let alive: Worker | null = null;
  const deliver = (worker: Worker, message: ToWorker): void => {
    alive = worker;
    if (message.type === 'table') {
      const replica = replicas.get(worker) ?? new Replica(message.counters);
      replicas.set(worker, replica);
      replica.receive(message);
    } else if (message.type === 'endpoints') replicas.get(worker)?.receive(message);
  };
  const send: (this: Worker, message: ToWorker) => void = Reflect.get(Worker.prototype, 'postMessage');
  t.intercept(Worker.prototype, 'postMessage', {
    value(this: Worker, message: ToWorker) {
      deliver(this, message);
      send.call(this, message);
    },
  });
  let now = 0;
  const registry = new SeriesRegistry({ workers: 1, now: () => now, retainMs: RETAIN_MS });
  const pool = new WorkerPool({ count: 1, settings: SETTINGS, registry, logger, logLevel: 'silent' });
  t.teardown(() => pool.stop(0));
  await pool.start([{ address: '127.0.0.1', port: 0 }]);
  return {
    pool,
    registry,
    pass: (ms: number) => {
      now += ms;
    },
    replica: () => (alive === null ? undefined : replicas.get(alive)),
    /** Ends the worker; resolves when another one has the table. */
    replace: async (): Promise<void> => {
      const { restarted } = pool;
      await alive?.terminate();
      await until(() => pool.restarted > restarted && pool.ready);
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Some of four routes, each to some of three versions; two of the routes lead to the same ones. */
function randomTable(pick: (count: number) => number, before: RoutingTable): RoutingTable {
  const routes = ['a', 'b', 'c', 'd'].flatMap((name): Route[] => {
    const old = before.routes.find((route) => route.name === name);
    const choice = pick(6);
    if (choice === 0) return [];
    if (choice < 4 && old !== undefined) return [old];
    const owner = name === 'b' ? 'a' : name;
    const role: Role = pick(2) === 0 ? 'stable' : 'canary';
    const versions = ['x', 'y', 'z']
      .filter(() => pick(3) > 0)
      .map((hash) => {
        const key = `shop/${owner}/${hash}`;
        return { key, role, name: hash, namespace: 'shop', rollout: owner, experiment: '', fallback: [] };
      });
    const split = versions.map((_, version) => ({ version, weight: 1 + pick(3) }));
    return [{ name, hosts: [name], path: '/', versions, rules: [], experiments: null, split }];
  });
  return { routes: pick(2) === 0 ? routes : routes.toReversed() };
}

/** Of all versions, those that no table names included. */
function randomEndpoints(pick: (count: number) => number, before: EndpointMap): EndpointMap {
  const endpoints: Record<string, readonly Endpoint[]> = {};
  for (const owner of ['a', 'c', 'd']) {
    for (const hash of ['x', 'y', 'z']) {
      const key = `shop/${owner}/${hash}`;
      const fresh = Array.from({ length: pick(3) }, (_, i) => ({ host: '10.0.0.1', port: 1 + i + 2 * pick(2) }));
      endpoints[key] = pick(2) === 0 ? (before[key] ?? []) : fresh;
    }
  }
  return endpoints;
}

/** What is wrong with a worker that should have this; empty: nothing. */
function mistakes(
  { plane, table: has }: Replica,
  table: RoutingTable,
  endpoints: EndpointMap,
  registry: SeriesRegistry,
): string[] {
  const found: string[] = [];
  if (JSON.stringify(has) !== JSON.stringify(table)) found.push('another table');
  const blocks = new Map(
    registry.series().map(({ labels, blocks }) => [JSON.stringify(Object.values(labels)), blocks[0]?.buffer]),
  );
  for (const route of plane.matcher.routes) {
    for (const { version, live } of route.candidates) {
      const name = `${route.name} ${version.key}`;
      const wanted = (endpoints[version.key] ?? []).map(({ host, port }) => `${host}:${port}`);
      if (live.pool !== plane.upstreams.of(version.key)) found.push(`${name}: a pool that is forgotten`);
      if (live.pool.endpoints.map((endpoint) => endpoint.name).join() !== wanted.join())
        found.push(`${name}: endpoints`);
      if (live.pool.endpoints.some(({ retired }) => retired)) found.push(`${name}: a retired endpoint`);
      if (live.counters.buffer !== blocks.get(seriesKey(route.name, version))) found.push(`${name}: lost counters`);
    }
  }
  return found;
}

t.test('a worker has the pools, endpoints and counters of its table, whatever came before', async (t) => {
  const { pool, registry, pass, replica, replace } = await scene(t);
  const random = seededRandom(7);
  const pick = (count: number): number => Math.floor(random() * count);
  let table: RoutingTable = { routes: [] };
  let endpoints: EndpointMap = {};
  let reused = 0;
  for (let generation = 1; generation <= 600; generation += 1) {
    const before = replica()?.plane.matcher.routes ?? [];
    const same = pick(3) === 0;
    const gone = Object.fromEntries(Object.keys(endpoints).map((key) => [key, []]));
    endpoints = randomEndpoints(pick, endpoints);
    if (same) pool.publishEndpoints({ ...gone, ...endpoints });
    else {
      table = randomTable(pick, table);
      const changedEndpoints = { ...gone, ...endpoints };
      pool.publish({ table, changedEndpoints, endpoints: () => endpoints }, generation);
    }
    // A scrape in between forgets what has been gone for long.
    pass(pick(4) === 0 ? RETAIN_MS : pick(300));
    if (pick(3) === 0) registry.series();
    if (generation % 200 === 0) await replace();
    const worker = replica();
    if (worker === undefined) continue;
    reused += worker.plane.matcher.routes.filter((route) => before.includes(route)).length;
    const found = mistakes(worker, table, endpoints, registry);
    if (found.length > 0) t.strictSame(found, [], `after message ${generation}`);
  }
  t.equal(pool.restarted, 3);
  t.ok(reused > 200, `${reused} routes were taken from the table before`);
});
