import fc from 'fast-check';
import t from 'tap';
import { ToldEndpoints } from '../../src/proxy/told-endpoints.ts';
import type { EndpointMap, Route, RoutingTable } from '../../src/routing/table.ts';
import { Upstreams } from '../../src/upstream/upstreams.ts';

const A = { host: '10.0.0.1', port: 80 };
const B = { host: '10.0.0.2', port: 80 };
const C = { host: '10.0.0.1', port: 81 };

/** A route for each version. */
function tableOf(keys: readonly string[]): RoutingTable {
  const routes = keys.map((key): Route => {
    const version = {
      key,
      role: 'static' as const,
      name: key,
      namespace: '',
      rollout: '',
      experiment: '',
      fallback: [],
    };
    return { name: key, hosts: [key], path: '/', versions: [version], rules: [], experiments: null, split: [] };
  });
  return { routes };
}

const never = (): EndpointMap => {
  throw new Error('all of them were asked for');
};

t.test('equal endpoints are no change', async (t) => {
  const told = new ToldEndpoints();
  told.switch(tableOf(['k', 'none']), { k: [A, B], none: [] }, never);
  t.same(told.change({ k: [{ ...A }, { ...B }], none: [] }), {});
});

t.test('a new version is a change, even without endpoints; one that has vanished is one to none', async (t) => {
  const told = new ToldEndpoints();
  t.same(told.switch(tableOf(['k', 'none']), { k: [A], none: [] }, never), { k: [A], none: [] });
  t.same(told.switch(tableOf(['none', 'new']), { new: [C] }, never), { k: [], new: [C] });
  t.same(told.all, { none: [], new: [C] });
});

t.test('a version that the table does not name is nobody to be told of, until it does', async (t) => {
  const told = new ToldEndpoints();
  told.switch(tableOf(['k']), { k: [A], hidden: [B] }, never);
  t.same(told.change({ hidden: [C] }), {});
  t.same(
    told.switch(tableOf(['k', 'hidden']), {}, () => ({ k: [A], hidden: [C] })),
    { hidden: [C] },
  );
});

t.test('an endpoint more, less or other is a change of its version alone', async (t) => {
  const told = new ToldEndpoints();
  told.switch(tableOf(['k', 'other']), { k: [A], other: [C] }, never);
  t.same(told.change({ k: [A, B], other: [C] }), { k: { start: 1, deleted: 0, inserted: [B] } });
  t.same(told.change({ k: [A] }), { k: { start: 1, deleted: 1, inserted: [] } });
  t.same(told.change({ k: [B] }), { k: { start: 0, deleted: 1, inserted: [B] } });
});

t.test('of thousands of endpoints of which one has changed a worker is told one', async (t) => {
  // The whole list was sent and applied for each Pod that came or went: 2 ms of the worker's time, in which it answers nobody.
  const told = new ToldEndpoints();
  const many = Array.from({ length: 5_000 }, (_, i) => ({ host: `10.1.${i >> 8}.${i & 255}`, port: 80 }));
  told.switch(tableOf(['k']), { k: many }, never);
  t.same(told.change({ k: many.toSpliced(2_500, 1) }), { k: { start: 2_500, deleted: 1, inserted: [] } });
  t.same(told.change({ k: many }), { k: { start: 2_500, deleted: 0, inserted: [many[2_500]] } });
  t.same(told.change({ k: many.with(7, C) }), { k: { start: 7, deleted: 1, inserted: [C] } });
});

t.test('a worker that gets only the changes has the same endpoints in the end', async (t) => {
  const keys = ['a', 'b', 'c'];
  const state = fc.record({
    named: fc.subarray(keys),
    endpoints: fc.record({ a: lists(), b: lists(), c: lists() }),
    sameTable: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 8 }), (states) => {
      const upstreams = new Upstreams({ maxIdle: 8 });
      const told = new ToldEndpoints();
      let named: readonly string[] = [];
      for (const { endpoints, sameTable, ...other } of states) {
        if (sameTable) upstreams.update(told.change(endpoints));
        else {
          named = other.named;
          upstreams.update(told.switch(tableOf(named), endpoints, () => endpoints));
        }
        for (const key of keys) {
          const wanted = named.includes(key) ? Reflect.get(endpoints, key) : [];
          const has = upstreams.of(key).endpoints.map(({ endpoint }) => endpoint);
          if (has.length !== wanted.length || has.some((endpoint, i) => endpoint !== wanted[i])) return false;
        }
      }
      return true;
    }),
  );
  t.pass('in every case');

  function lists() {
    return fc.uniqueArray(fc.constantFrom(A, B, C), { maxLength: 3 });
  }
});

t.test('a table that could not be told is told as if nothing had been', async (t) => {
  const told = new ToldEndpoints();
  told.switch(tableOf(['a']), { a: [A] }, never);
  const both = tableOf(['a', 'b']);
  t.throws(() => told.switch(both, { a: [B] }, never));
  t.same(told.all, { a: [A] });
  t.same(
    told.switch(both, { a: [B] }, () => ({ b: [C] })),
    { a: { start: 0, deleted: 1, inserted: [B] }, b: [C] },
  );
  t.same(told.switch(tableOf(['a']), {}, never), { b: [] });
});
