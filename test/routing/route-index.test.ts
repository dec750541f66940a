import fc from 'fast-check';
import t from 'tap';
import { HASH_SEED, mix } from '../../src/routing/byte-table.ts';
import { RouteIndex } from '../../src/routing/route-index.ts';
import { leastCpu } from '../lib/least-cpu.ts';
import { route } from './match-tables.ts';
import { request } from './requests.ts';

interface Addressed {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly path: string;
}

function find(index: RouteIndex, host: string, target: string): number {
  const { bytes, hostStart, hostEnd, pathStart, pathEnd } = request(target, `host: ${host}`);
  return index.find(bytes, hostStart, hostEnd, pathStart, pathEnd);
}

/** The rule as it is told to people: the more specific host, then the longer path; `host` and `path` as routes are written. */
function expected(routes: readonly Addressed[], host: string, path: string): number {
  const rank = ({ hosts, path: prefix }: Addressed): [number, number] => {
    const bare = prefix.replace(/\/$/, '');
    if (path !== bare && !path.startsWith(`${bare}/`)) return [-1, 0];
    const matching = hosts.flatMap((own) => {
      if (own === host) return [1_000];
      return own.startsWith('*.') && host.endsWith(own.slice(1)) && host.length > own.length - 1 ? [own.length] : [];
    });
    return [hosts.length === 0 ? 0 : Math.max(-1, ...matching), bare.length];
  };
  let best = -1;
  let bestRank: [number, number] = [-1, -1];
  for (const [index, one] of routes.entries()) {
    const [byHost, byPath] = rank(one);
    if (byHost < 0 || byHost < bestRank[0] || (byHost === bestRank[0] && byPath <= bestRank[1])) continue;
    best = index;
    bestRank = [byHost, byPath];
  }
  return best;
}

// Few letters, so that names meet.
const label = fc.constantFrom('a', 'b', 'ab', 'a-b');
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const path = fc.array(label, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const hosts = fc.array(
  fc.oneof(
    host,
    host.map((name) => `*.${name}`),
  ),
  { maxLength: 3 },
);

/** No two with the same host and path, as compiled tables have none. */
const routes = fc.array(fc.record({ hosts, path }), { maxLength: 40 }).map((list) => {
  const taken = new Set<string>();
  return list.flatMap(({ hosts: all, path: own }, i): Addressed[] => {
    const free = [...new Set(all)].filter((one) => !taken.has(`${one} ${own}`));
    if (free.length < all.length || (all.length === 0 && taken.has(` ${own}`))) return [];
    for (const one of all.length === 0 ? [''] : all) taken.add(`${one} ${own}`);
    return [{ name: `r${i}`, hosts: free, path: own }];
  });
});

t.test('of any routes it finds the one that the rule names', async (t) => {
  const property = fc.property(routes, host, path, (list, asked, target) => {
    const found = find(new RouteIndex(list), asked, target);
    return found === expected(list, asked, target);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2_000, seed: 7 }));
});

t.test('it finds each of a thousand routes', async (t) => {
  const byPath = Array.from({ length: 1_000 }, (_, i) => route(`r${i}`, { path: `/team-${i % 7}/app-${i}` }));
  const byHost = byPath.map(({ name }, i) => route(name, { hosts: [`app-${i}.shop`, `*.app-${i}.shop`] }));
  const [paths, hosted] = [new RouteIndex(byPath), new RouteIndex(byHost)];
  const all = Array.from({ length: 1_000 }, (_, i) => i);
  t.same(
    all.map((i) => find(paths, 'any', `/team-${i % 7}/app-${i}/x`)),
    all,
  );
  t.same(
    all.map((i) => find(hosted, `APP-${i}.shop:80`, '/')),
    all,
  );
  t.same(
    all.map((i) => find(hosted, `x.y.app-${i}.Shop.`, '/')),
    all,
  );
  t.equal(find(paths, 'any', '/team-1/app-1000'), -1);
  t.equal(find(hosted, 'app-1000.shop', '/'), -1);
});

t.test('paths and hosts that have the same hash are told apart', async (t) => {
  // Each pair has one hash, found by trying; with one of them in the table the other must not get its route.
  const [path, twinPath] = ['/app-232789', '/app-429192'];
  const [host, twinHost] = ['app-395976.test', 'app-883264.test'];
  const [left, right] = [path, twinPath].map((text) => Buffer.from(text).reduce(mix, HASH_SEED));
  t.equal(left, right);
  const [front, back] = [host, twinHost].map((text) => Buffer.from(text).reduceRight(mix, HASH_SEED));
  t.equal(front, back);
  const alone = new RouteIndex([route('path', { hosts: ['a'], path }), route('host', { hosts: [host] })]);
  t.same([find(alone, 'a', path), find(alone, 'a', twinPath)], [0, -1]);
  t.same([find(alone, host, '/'), find(alone, twinHost, '/')], [1, -1]);
  const both = new RouteIndex([path, twinPath].map((one) => route(one, { path: one })));
  t.same([find(both, 'a', path), find(both, 'a', `${twinPath}/x`)], [0, 1]);
});

t.test('the route that is found among 1,000 paths costs what the one of a single path does', async (t) => {
  // They were tried one after the other: 12 microseconds for the last of 1,000, more than half of what a whole request costs.
  const list = Array.from({ length: 1_000 }, (_, i) => route(`r${i}`, { path: `/app-${i}` }));
  const [many, one] = [new RouteIndex(list), new RouteIndex(list.slice(0, 1))];
  const asked = ['/app-0/x', '/app-500/x', '/app-999/x'].map((target) => request(target));
  const time = (index: RouteIndex): number =>
    leastCpu(() => {
      for (let i = 0; i < 5_000; i += 1) {
        for (const { bytes, pathStart, pathEnd } of asked) index.find(bytes, -1, -1, pathStart, pathEnd);
      }
    });
  const [least, most] = [time(one), time(many)];
  t.ok(
    most < 10 * least,
    `${most} microseconds instead of ${least}; one after the other it was a hundred times as many`,
  );
});

t.test('an index serves a table whose routes lie where they were, and no other', async (t) => {
  const list = [route('a', { hosts: ['a'] }), route('b', { hosts: ['b', '*.b'], path: '/b' })];
  const index = new RouteIndex(list);
  t.equal(index.isFor(list.map((one) => ({ ...one, split: [], hosts: [...one.hosts] }))), true);
  t.equal(index.isFor(list.toReversed()), false);
  t.equal(index.isFor(list.slice(1)), false);
  const [a, b] = list;
  if (a === undefined || b === undefined) throw new Error('two');
  t.equal(index.isFor([a, { ...b, path: '/c' }]), false);
  t.equal(index.isFor([a, { ...b, hosts: ['b'] }]), false);
  t.equal(index.isFor([{ ...a, name: 'c' }, b]), false);
});
