import t from 'tap';
import { warmthOf } from '../../src/upstream/slow-start.ts';
import { VersionPool } from '../../src/upstream/version-pool.ts';
import { leastCpu } from '../lib/least-cpu.ts';
import { seededRandom } from '../routing/seeded-random.ts';

const SLOW = 30_000;
const PICKS = 8_000;

function list(...hosts: readonly string[]) {
  return hosts.map((host) => ({ host, port: 80 }));
}

/** A version that has had `old` for long, and gets `fresh` at `at`. */
function grown(old: readonly string[], fresh: readonly string[], at = 1_000_000): VersionPool {
  const pool = new VersionPool('k', { maxIdle: 8, random: seededRandom(11) });
  pool.startSlowly(SLOW, 0);
  pool.update(list(...old), 0);
  pool.sweep(at);
  pool.update(list(...old, ...fresh), at);
  return pool;
}

/** Percent of the picks that each endpoint gets; `inFlight` of them at any time. */
function shares(pool: VersionPool, inFlight: number): Record<string, number> {
  const counts: Record<string, number> = {};
  const active: NonNullable<ReturnType<VersionPool['pick']>>[] = [];
  for (let i = 0; i < PICKS; i += 1) {
    const endpoint = pool.pick(null);
    if (endpoint === null) throw new Error('nobody');
    counts[endpoint.endpoint.host] = (counts[endpoint.endpoint.host] ?? 0) + 100 / PICKS;
    endpoint.active += 1;
    active.push(endpoint);
    const ended = active.length > inFlight ? active.shift() : undefined;
    if (ended !== undefined) ended.active -= 1;
  }
  for (const endpoint of active) endpoint.active -= 1;
  return counts;
}

t.test('warmth grows evenly from a tenth to 1', async (t) => {
  t.same(
    [0, 10_000, 20_000, 30_000, 99_999].map((age) => Number(warmthOf(age, SLOW).toFixed(2))),
    [0.1, 0.4, 0.7, 1, 1],
  );
  t.equal(warmthOf(0, 0), 1, 'off');
});

t.test('a new endpoint gets a tenth of its share at first, and more evenly with time, at any load', async (t) => {
  for (const inFlight of [0, 1, 10, 100]) {
    const pool = grown(['a', 'b', 'c'], ['d']);
    for (const [age, warmth] of [
      [0, 0.1],
      [10_000, 0.4],
      [20_000, 0.7],
    ] as const) {
      pool.sweep(1_000_000 + age);
      const expected = (100 * warmth) / (3 + warmth);
      const { d = 0 } = shares(pool, inFlight);
      t.ok(Math.abs(d - expected) < 3, `${d.toFixed(1)} %, not ${expected.toFixed(1)} %, with ${inFlight} in flight`);
    }
    pool.sweep(1_030_000);
    t.ok(Math.abs((shares(pool, inFlight)['d'] ?? 0) - 25) < 2, 'and its full share in the end');
  }
});

t.test('where every endpoint is new, each gets the same', async (t) => {
  const pool = grown([], ['a', 'b', 'c', 'd']);
  const got = shares(pool, 4);
  for (const host of ['a', 'b', 'c', 'd']) t.ok(Math.abs((got[host] ?? 0) - 25) < 2, `${host}: ${got[host]} %`);
});

t.test('a few old endpoints are not flooded, nor many new ones, when a version grows from one to ten', async (t) => {
  const pool = grown(['a'], ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
  const { a = 0, j = 0 } = shares(pool, 20);
  t.ok(Math.abs(a - 100 / 1.9) < 5, `${a.toFixed(1)} %`);
  t.ok(Math.abs(j - 10 / 1.9) < 1.5, `${j.toFixed(1)} %`);
});

t.test('an endpoint that was unhealthy starts slowly again', async (t) => {
  const pool = grown(['a', 'b'], []);
  pool.checked(new Set(['b:80']), 1_000_000);
  t.same(Object.keys(shares(pool, 0)), ['a']);
  pool.checked(new Set(), 1_000_000);
  const { b = 0 } = shares(pool, 0);
  t.ok(Math.abs(b - 10 / 1.1) < 1.5, `${b.toFixed(1)} %`);
});

t.test('the endpoint that has just failed is left out while there is another, also while some are new', async (t) => {
  const pool = grown(['a'], ['b']);
  const [a = null, b = null] = pool.endpoints;
  for (let i = 0; i < 50; i += 1) t.same([pool.pick(a), pool.pick(b)], [b, a]);
  pool.update(list('b'), 1_000_000);
  t.equal(pool.pick(b), b);
});

t.test('without slow start a new endpoint has its full share at once', async (t) => {
  const pool = grown(['a'], ['b']);
  pool.startSlowly(0, 1_000_000);
  t.ok(Math.abs((shares(pool, 0)['b'] ?? 0) - 50) < 2);
});

t.test('an endpoint that is unhealthy is not picked, and a version without a healthy one is not usable', async (t) => {
  const pool = grown(['a', 'b'], []);
  pool.checked(new Set(['a:80']), 0);
  t.same(Object.keys(shares(pool, 0)), ['b']);
  t.equal(pool.usable, true);
  pool.checked(new Set(['a:80', 'b:80']), 0);
  t.equal(pool.usable, false);
  t.same(Object.keys(shares(pool, 0)).sort(), ['a', 'b'], 'panic');
  pool.update(list('b', 'c'), 0);
  t.same(Object.keys(shares(pool, 0)), ['c'], 'a new one counts as healthy until it has been checked');
});

t.test('among 5,000 endpoints of which one is new, choosing costs what it does among two', async (t) => {
  // All of them were looked at for each request: 20 microseconds, as much as the whole request costs.
  const hosts = Array.from({ length: 5_000 }, (_, i) => `h${i}`);
  const picks = (pool: VersionPool): number =>
    leastCpu(() => {
      for (let i = 0; i < 5_000; i += 1) pool.pick(null);
    });
  const [two, many] = [picks(grown(['a'], ['b'])), picks(grown(hosts, ['new']))];
  t.ok(many < 20 * two, `${many} microseconds instead of ${two}; it was some hundred times as many`);
});

t.test('where no draw is taken, all are looked at', async (t) => {
  const vain = Array<number>(64).fill(0.999);
  // The place among all twenty, and among the others.
  const draws = [...vain, 0.22, ...vain, 0.5];
  const pool = new VersionPool('k', { maxIdle: 8, random: () => draws.shift() ?? 0 });
  pool.startSlowly(SLOW, 0);
  pool.update(list(...Array.from({ length: 20 }, (_, i) => `h${i}`)), 0);
  t.equal(pool.pick(null)?.endpoint.host, 'h4');
  t.equal(draws.length, 0);
});

t.test('a new one among many gets a tenth of its share at first', async (t) => {
  const hosts = Array.from({ length: 20 }, (_, i) => `h${i}`);
  for (const inFlight of [0, 10]) {
    const { new: share = 0 } = shares(grown(hosts, ['new']), inFlight);
    t.ok(Math.abs(share - 10 / 20.1) < 0.35, `${share.toFixed(2)} %, not ${(10 / 20.1).toFixed(2)} %`);
  }
});
