import t from 'tap';
import type { Endpoint } from '../../src/routing/table.ts';
import type { EndpointPool } from '../../src/upstream/endpoint-pool.ts';
import { VersionPool } from '../../src/upstream/version-pool.ts';
import { seededRandom } from '../routing/seeded-random.ts';

function endpoints(...names: readonly string[]): Endpoint[] {
  return names.map((name) => {
    const [host = '', port = '80'] = name.split(':');
    return { host, port: Number(port) };
  });
}

/** A pool of endpoints `a`, `b`, ... with that many exchanges in flight. */
function busy(random: () => number, ...active: readonly number[]): VersionPool {
  const pool = new VersionPool('shop/talana/5d8c', { maxIdle: 8, random });
  pool.update(endpoints(...active.map((_, i) => String.fromCodePoint(97 + i))));
  for (const [i, endpoint] of pool.endpoints.entries()) endpoint.active = active[i] ?? 0;
  return pool;
}

/** Draws these numbers, again and again. */
function drawing(...numbers: readonly number[]): () => number {
  let next = 0;
  return () => numbers[next++ % numbers.length] ?? 0;
}

function firstOf({ endpoints: [first] }: VersionPool): EndpointPool {
  if (first === undefined) throw new Error('it has no endpoint');
  return first;
}

function names(pool: VersionPool): string[] {
  return pool.endpoints.map(({ name }) => name);
}

t.test('a version without endpoints is not usable and has nothing to pick', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 8 });
  t.equal(pool.usable, false);
  t.equal(pool.pick(null), null);
  pool.update(endpoints('a'));
  t.equal(pool.usable, true);
  pool.update([]);
  t.equal(pool.usable, false);
});

t.test('the only endpoint is picked, even when it has just failed', async (t) => {
  const pool = busy(Math.random, 100);
  t.equal(pool.pick(null)?.name, 'a:80');
  t.equal(pool.pick(pool.endpoints[0] ?? null)?.name, 'a:80');
});

t.test('of two that were drawn the less busy one is picked', async (t) => {
  // 0.5 of four is c; 0 of the other three is a.
  t.equal(busy(drawing(0.5, 0), 3, 0, 2, 0).pick(null)?.name, 'c:80');
  t.equal(busy(drawing(0.5, 0), 1, 0, 2, 0).pick(null)?.name, 'a:80');
});

t.test('of two that are as busy the first that was drawn is picked', async (t) => {
  t.equal(busy(drawing(0.5, 0), 2, 0, 2, 0).pick(null)?.name, 'c:80');
  t.equal(busy(drawing(0, 0.5), 2, 0, 2, 0).pick(null)?.name, 'a:80');
});

t.test('two different endpoints are drawn, also at the ends of the list', async (t) => {
  const last = 1 - Number.EPSILON;
  t.equal(busy(drawing(last, last), 0, 0, 0, 9).pick(null)?.name, 'c:80', 'd and c');
  t.equal(busy(drawing(0, 0), 9, 0, 0, 0).pick(null)?.name, 'b:80', 'a and b');
});

t.test('the busiest of all is never picked, and the others evenly when they are as busy', async (t) => {
  const pool = busy(seededRandom(7), 0, 0, 1, 0);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6_000; i += 1) {
    const name = pool.pick(null)?.name ?? 'none';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  t.equal(counts.get('c:80'), undefined);
  for (const name of ['a:80', 'b:80', 'd:80']) {
    const got = counts.get(name) ?? 0;
    t.ok(Math.abs(got - 2_000) < 200, `${name}: ${got} of 6000`);
  }
});

t.test('requests that all take as long are spread almost evenly', async (t) => {
  const pool = busy(seededRandom(3), 0, 0, 0, 0, 0, 0, 0, 0);
  for (let i = 0; i < 800; i += 1) {
    const endpoint = pool.pick(null);
    if (endpoint !== null) endpoint.active += 1;
  }
  const active = pool.endpoints.map((endpoint) => endpoint.active);
  t.ok(Math.max(...active) - Math.min(...active) <= 3, active.join(' '));
});

t.test('the endpoint that has just failed is left out while there is another', async (t) => {
  const pool = busy(seededRandom(5), 0, 9, 9);
  const failed = pool.endpoints[0] ?? null;
  for (let i = 0; i < 200; i += 1) if (pool.pick(failed) === failed) t.fail('the failed one');
  const two = busy(seededRandom(5), 0, 9);
  for (let i = 0; i < 50; i += 1) if (two.pick(two.endpoints[0] ?? null)?.name !== 'b:80') t.fail('the failed one');
  t.pass('in 250 picks');
});

t.test('an endpoint that has gone is no reason to leave out another', async (t) => {
  const pool = busy(seededRandom(5), 0, 0);
  const gone = pool.endpoints[0] ?? null;
  pool.update(endpoints('b', 'c'));
  const picked = new Set(Array.from({ length: 50 }, () => pool.pick(gone)?.name));
  t.same(picked, new Set(['b:80', 'c:80']));
});

t.test('an update keeps the pools of endpoints that stay, in the new order, and retires those that go', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 8 });
  pool.update(endpoints('a', 'b', 'c'));
  const [a, b, c] = pool.endpoints;
  pool.update(endpoints('d', 'c', 'a'));
  t.same(names(pool), ['d:80', 'c:80', 'a:80']);
  t.equal(pool.endpoints[1], c);
  t.equal(pool.endpoints[2], a);
  t.same([a?.retired, b?.retired, c?.retired], [false, true, false]);
});

t.test('an endpoint with another port is another endpoint', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 8 });
  pool.update(endpoints('a:80'));
  const [before] = pool.endpoints;
  pool.update(endpoints('a:81'));
  t.not(pool.endpoints[0], before);
  t.equal(before?.retired, true);
});

t.test('an endpoint that comes back starts anew', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 8 });
  pool.update(endpoints('a'));
  const [before] = pool.endpoints;
  pool.update([]);
  pool.update(endpoints('a'));
  t.not(pool.endpoints[0], before);
  t.same([before?.retired, pool.endpoints[0]?.retired], [true, false]);
});

t.test('what changes in one place of the list leaves the others their pools', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 1 });
  pool.update(endpoints('a', 'b', 'c', 'd'));
  const [a, b, c, d] = pool.endpoints;
  pool.splice({ start: 1, deleted: 2, inserted: endpoints('c', 'x') });
  t.same(
    pool.endpoints.map(({ name }) => name),
    ['a:80', 'c:80', 'x:80', 'd:80'],
  );
  t.ok(pool.endpoints[0] === a && pool.endpoints[1] === c && pool.endpoints[3] === d);
  t.same(
    [a, b, c, d].map((one) => one?.retired),
    [false, true, false, false],
  );
});

t.test('a version has endpoints, or none, after any splice, also while one of them is left out', async (t) => {
  const ejection = { failures: 1, time: 1_000, maxTime: 1_000, maxShare: 0.5, serverErrors: false };
  const pool = new VersionPool('k', { maxIdle: 1, ejection });
  t.same([pool.usable, pool.listed], [false, false]);
  pool.splice({ start: 0, deleted: 0, inserted: endpoints('a', 'b') });
  t.same([pool.usable, pool.listed], [true, true]);
  const [a] = pool.endpoints;
  if (a === undefined) throw new Error('nobody');
  pool.failed(a, 0);
  pool.splice({ start: 2, deleted: 0, inserted: endpoints('c') });
  t.same([pool.ejected, pool.leftOut], [1, ['a:80']], 'who is left out stays so when another comes');
  for (let i = 0; i < 20; i += 1) t.not(pool.pick(null), a);
  pool.splice({ start: 0, deleted: 1, inserted: [] });
  t.same([pool.ejected, pool.leftOut, pool.usable], [0, [], true], 'and is forgotten when it goes');
  pool.splice({ start: 0, deleted: 2, inserted: [] });
  t.same([pool.usable, pool.pick(null)], [false, null]);
});

t.test('one of 5,000 endpoints comes or goes in a moment', async (t) => {
  // Every endpoint was named and looked up again: 1 to 2 ms of the worker's time.
  const pool = new VersionPool('k', { maxIdle: 1 });
  pool.update(Array.from({ length: 5_000 }, (_, i) => ({ host: `10.1.${i >> 8}.${i & 255}`, port: 80 })));
  const began = process.cpuUsage();
  for (let i = 0; i < 1_000; i += 1) pool.splice({ start: 4 * i, deleted: 1, inserted: endpoints(`new${i}`) });
  const { user, system } = process.cpuUsage(began);
  t.ok(user + system < 250_000, `${user + system} microseconds for a thousand`);
  t.equal(pool.endpoints.length, 5_000);
});

t.test('sweeps look at the endpoints of a version only while time can change something', async (t) => {
  const pool = busy(drawing(0), 0, 0);
  let looks = 0;
  const first = firstOf(pool);
  const sweep = first.sweep.bind(first);
  first.sweep = (now) => {
    looks += 1;
    return sweep(now);
  };
  let now = 0;
  const looksIn = (seconds: number): number => {
    looks = 0;
    for (const end = now + seconds * 1000; now < end; now += 250) pool.sweep(now);
    return looks;
  };
  looksIn(1);
  t.equal(looksIn(60), 0, 'nobody asks for it');
  t.equal(pool.pick(null)?.name, 'a:80');
  first.active += 1;
  t.equal(looksIn(60), 240, 'an exchange is in flight');
  first.active -= 1;
  looksIn(1);
  t.equal(looksIn(60), 0, 'it is over');
});

t.test('a failure that comes after a rest is swept until it is over', async (t) => {
  const ejection = { failures: 1, time: 1000, maxTime: 1000, maxShare: 1, serverErrors: false };
  const pool = new VersionPool('k', { maxIdle: 8, ejection });
  pool.update(endpoints('a', 'b'));
  for (let now = 0; now < 20_000; now += 250) pool.sweep(now);
  const first = firstOf(pool);
  t.match(pool.failed(first, 20_000), { standing: 'ejected' });
  t.equal(pool.sweep(20_250), true);
  for (let now = 20_500; now < 22_500; now += 250) pool.sweep(now);
  t.equal(first.health.standing, 'due');
});

t.test('the seconds of the retry budget pass while a version rests', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 8, retries: { budget: 0.2, minimum: 0 } });
  pool.update(endpoints('a', 'b'));
  for (let now = 0; now < 30_000; now += 250) pool.sweep(now);
  const retries = () => [...Array(100).keys()].filter(() => pool.budget.take()).length;
  pool.budget.requests += 100;
  t.equal(retries(), 20, 'requests after a rest');
  for (let now = 30_000; now < 45_000; now += 250) pool.sweep(now);
  pool.budget.requests += 10;
  t.equal(retries(), 2, 'what came before the second rest is gone');
});
