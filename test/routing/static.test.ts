import t from 'tap';
import type { StaticVersionConfig } from '../../src/config/config.ts';
import { compile } from '../../src/routing/compile.ts';
import { routeConfig, snapshotOf } from './builders.ts';

const endpoint = (port: number) => ({ host: '127.0.0.1', port });
const version = (weight: number | null, ...ports: number[]): StaticVersionConfig => ({
  weight,
  endpoints: ports.map(endpoint),
});

function run(versions: Readonly<Record<string, StaticVersionConfig>>, to: readonly string[] = []) {
  const headers = to.map((name) => ({
    name: `x-${name}`,
    match: { kind: 'present' as const },
    to: name,
    fallback: true,
  }));
  const { table, endpoints, problems } = compile(
    snapshotOf([]),
    { routes: [routeConfig({ name: 'plain', versions, headers })] },
    {},
  );
  const [route] = table.routes;
  if (route === undefined) throw new Error('no route');
  const fallbacks = route.versions.map(({ name, role, fallback }) => [
    name,
    role,
    fallback.map((i) => route.versions[i]?.name),
  ]);
  return { route, endpoints, problems, fallbacks };
}

t.test(
  'versions, weights and endpoints are those written, and a version without weight is reached by header only',
  async (t) => {
    const { route, endpoints } = run(
      { stable: version(90, 3002, 3001), canary: version(10, 3003), beta: version(null, 3004) },
      ['beta'],
    );
    t.same(route.split, [
      { version: 0, weight: 90 },
      { version: 1, weight: 10 },
    ]);
    t.same(endpoints['static/plain/stable'], [endpoint(3001), endpoint(3002)]);
    t.match(route.rules, [{ label: 'header:x-beta', target: { asked: 'beta', versions: [2], reason: null } }]);
  },
);

t.test('a version named after a role has it, and every version falls back to stable, stable to canary', async (t) => {
  const { fallbacks } = run({ stable: version(90), canary: version(10), beta: version(null) });
  t.same(fallbacks, [
    ['stable', 'stable', ['canary']],
    ['canary', 'canary', ['stable']],
    ['beta', 'static', ['stable']],
  ]);
});

t.test('without a version named stable the one with the greatest weight stands in for the others', async (t) => {
  const { fallbacks } = run({ a: version(10), b: version(45), c: version(45) });
  t.same(fallbacks, [
    ['a', 'static', ['b']],
    ['b', 'static', []],
    ['c', 'static', ['b']],
  ]);
});

t.test('where no version has a weight, the only one or the one named stable takes all', async (t) => {
  t.same(run({ a: version(null) }).route.split, [{ version: 0, weight: 100 }]);
  t.same(run({ a: version(null), stable: version(null) }).route.split, [{ version: 1, weight: 100 }]);
  t.same(run({ a: version(null), b: version(null) }).route.split, []);
});

t.test('a rule to a version that is not there is a problem and is left out alone', async (t) => {
  const { route, problems } = run({ a: version(1) }, ['b', 'a']);
  t.equal(route.rules.length, 1);
  t.match(problems, [{ message: /header x-b: there is no version b/ }]);
});

t.test('a route called like what every object has shows no weights of a Rollout', async (t) => {
  const { reasons } = compile(
    snapshotOf([]),
    { routes: [routeConfig({ name: 'constructor', versions: { one: version(1, 3001) } })] },
    {},
  );
  t.equal(reasons['constructor'], undefined);
});
