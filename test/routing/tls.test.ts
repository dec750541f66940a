import t from 'tap';
import { compile } from '../../src/routing/compile.ts';
import { printTable } from '../../src/routing/print.ts';
import { pods, rollout, routeConfig, snapshotOf } from './builders.ts';
import { CANARY, MIDWAY, run, SERVICES, WEB } from './compiling.ts';

const OBJECTS = [rollout({ canary: CANARY, status: MIDWAY }), ...SERVICES, ...pods('S', 2, 1), ...pods('C', 2, 5)];
const ONE = { ca: null, serverName: 'web.internal', verify: true };
const TWO = { ca: 'PEM', serverName: 'web.internal', verify: true };
const ANY = { ca: null, serverName: null, verify: false };

t.test('routes to one Rollout with and without TLS share no connection, those that say the same do', async (t) => {
  const { table, endpoints } = run(OBJECTS, [
    routeConfig({ rollout: WEB, name: 'plain', path: '/plain' }),
    routeConfig({ rollout: WEB, name: 'one', path: '/one', tls: ONE }),
    routeConfig({ rollout: WEB, name: 'two', path: '/two', tls: TWO }),
    routeConfig({ rollout: WEB, name: 'again', path: '/again', tls: { ...ONE } }),
  ]);
  const keys = Object.fromEntries(table.routes.map(({ name, versions }) => [name, versions.map(({ key }) => key)]));
  t.same(keys['plain'], ['shop/web/S', 'shop/web/C']);
  t.same(keys['one'], ['shop/web/S#tls', 'shop/web/C#tls']);
  t.same(keys['two'], ['shop/web/S#tls2', 'shop/web/C#tls2']);
  t.same(keys['again'], keys['one']);
  t.same(
    table.routes.map(({ tls }) => tls),
    [undefined, ONE, TWO, ONE],
  );
  t.same(endpoints['shop/web/S#tls2'], endpoints['shop/web/S']);
});

t.test('a static route has its TLS in the table too', async (t) => {
  const versions = { a: { weight: 1, endpoints: [{ host: 'a', port: 1 }] } };
  const { table } = run([], [routeConfig({ versions, tls: ANY })]);
  t.same(table.routes[0]?.tls, ANY);
  t.equal(table.routes[0]?.versions[0]?.key, 'static/web/a', 'no other route has these versions');
});

t.test('other authorities in the same file make another table, the same ones do not', async (t) => {
  const routes = (tls: typeof TWO) => ({ routes: [routeConfig({ rollout: WEB, tls })] });
  const snapshot = snapshotOf(OBJECTS);
  const first = compile(snapshot, routes(TWO), {});
  const same = compile(snapshot, routes({ ...TWO }), first.memory, first.cache);
  t.equal(same.table, first.table);
  const other = compile(snapshot, routes({ ...TWO, ca: 'OTHER' }), same.memory, same.cache);
  t.equal(other.table.routes[0]?.tls?.ca, 'OTHER');
});

t.test('a printed table says whose certificate a route wants', async (t) => {
  const printed = (tls: typeof ONE | typeof ANY) => {
    const { table, endpoints, reasons } = run(OBJECTS, [routeConfig({ rollout: WEB, tls })]);
    return printTable(table, endpoints, reasons);
  };
  t.match(printed(ONE), /^ +tls +for web\.internal$/m);
  t.match(printed(ANY), /^ +tls +any certificate$/m);
});
