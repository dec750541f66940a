import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { RouteConfig } from '../../src/config/config.ts';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { type CompileCache, type Compiled, compile } from '../../src/routing/compile.ts';
import type { CompileMemory } from '../../src/routing/held-rollout.ts';
import type { EndpointMap, RoutingTable } from '../../src/routing/table.ts';
import { anyObject } from './any-object.ts';
import { pod, rollout, routeConfig, service, snapshotOf } from './builders.ts';

/* What is taken from the compilation before must be what a whole one gives, whatever comes, changes and goes. */

type Routes = readonly RouteConfig[] | null;

/** One thing that happens to the objects, or another configuration; both null: nothing at all. */
interface Happening {
  readonly event: { readonly type: 'MODIFIED' | 'DELETED'; readonly object: object } | null;
  readonly routes: Routes | undefined;
}

const header = (to: string) => ({
  name: `x-${to}`,
  match: { kind: 'present' as const },
  to,
  fallback: to !== 'canary',
});
const WEB = routeConfig({
  rollout: { namespace: 'shop', name: 'web' },
  headers: ['stable', 'canary', 'preview'].map(header),
  experiments: { header: 'x-exp', tokens: { mine: 'exp', gone: 'exp#three', far: 'other/more#one' } },
});
const ADMIN = routeConfig({ ...WEB, name: 'admin', path: '/admin', port: 'admin' });
const API = routeConfig({ ...WEB, name: 'api', path: '/api', rollout: { namespace: null, name: 'api' } });
const STATIC = routeConfig({
  name: 'static',
  hosts: ['web', 'static'],
  versions: { stable: { weight: 1, endpoints: [{ host: '127.0.0.1', port: 1 }] } },
});

const routes = fc
  .constantFrom<Routes>(
    null,
    [],
    [WEB],
    [WEB, ADMIN, API],
    [WEB, ADMIN, API].map((route, line) => ({ ...route, place: `headgate.yaml:${line}` })),
    [ADMIN, API, WEB],
    // The first three of the same name and the same place, but to other Rollouts or under other hosts.
    [routeConfig({ ...WEB, rollout: { namespace: 'shop', name: 'api' } })],
    [routeConfig({ ...WEB, rollout: { namespace: null, name: 'web' }, port: 9090 }), API],
    [routeConfig({ ...WEB, hosts: ['web', 'api'] }), STATIC, routeConfig({ ...API, hosts: ['web', 'x'], path: '/' })],
    [STATIC, routeConfig({ ...WEB, hosts: ['web', 'api'] })],
  )
  // Read again, a configuration that says the same is another object.
  .map((routes) => structuredClone(routes));

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      event: fc.record({ type: fc.constant('MODIFIED' as const), object: anyObject }),
      routes: fc.constant(undefined),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      event: fc.record({ type: fc.constant('DELETED' as const), object: anyObject }),
      routes: fc.constant(undefined),
    }),
  },
  { weight: 1, arbitrary: fc.record({ event: fc.constant(null), routes }) },
  { weight: 1, arbitrary: fc.constant({ event: null, routes: undefined }) },
);

/** The parts of a result that are no secret between two compilations. */
function told({ table, endpoints, problems, memory, reasons }: Compiled): Omit<Compiled, 'cache' | 'changedEndpoints'> {
  return { table, endpoints, problems, memory, reasons };
}

/** The endpoints of the versions that a table names. */
function named(endpoints: EndpointMap, table: RoutingTable): EndpointMap {
  const keys = table.routes.flatMap((route) => route.versions.map(({ key }) => key));
  return Object.fromEntries(keys.map((key) => [key, endpoints[key] ?? []]));
}

/** What happens between two looks of the compiler, mostly little; `skipped`: it looks at none of it, as after a mistake of ours. */
const look = fc.record({
  happenings: fc.oneof(
    { weight: 8, arbitrary: fc.array(happening, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(happening, { minLength: 35, maxLength: 45, size: 'max' }) },
  ),
  skipped: fc.constantFrom(false, false, false, false, true),
});

t.test('work that is taken from the compilation before changes nothing but the time, whatever happens', async (t) => {
  const history = fc.array(look, { minLength: 5, maxLength: 40, size: 'max' });
  const beginning = fc.array(anyObject, { minLength: 5, maxLength: 25, size: 'max' });
  fc.assert(
    fc.property(beginning, routes, history, (objects, configured, steps) => {
      const events: NonNullable<Happening['event']>[] = objects.map((object) => ({ type: 'MODIFIED', object }));
      const store = storeAfter(events);
      let inForce = configured;
      let memory: CompileMemory = {};
      let cache: CompileCache | null = null;
      let last: Pick<Compiled, 'table' | 'endpoints'> = { table: { routes: [] }, endpoints: {} };
      for (const { happenings, skipped } of steps) {
        for (const { event, routes } of happenings) {
          if (event !== null) store.apply(event.type, event.object);
          if (event !== null) events.push(event);
          if (routes !== undefined) inForce = routes;
        }
        const snapshot = store.snapshot();
        if (skipped) continue;
        const whole = compile(storeAfter(events).snapshot(), { routes: inForce }, memory);
        const saving: Compiled = compile(snapshot, { routes: inForce }, memory, cache);
        if (!isDeepStrictEqual(told(saving), told(whole))) return t.same(told(saving), told(whole));
        // Else workers would build what they have.
        if (cache !== null && isDeepStrictEqual(cache.table, saving.table) && cache.table !== saving.table) {
          return t.fail('the same routes in another table');
        }
        if (
          last.table === saving.table &&
          !isDeepStrictEqual(
            named({ ...last.endpoints, ...saving.changedEndpoints }, saving.table),
            named(saving.endpoints, saving.table),
          )
        ) {
          return t.fail('endpoints that changed are not among those that are told');
        }
        ({ memory, cache } = saving);
        last = { table: saving.table, endpoints: saving.endpoints };
      }
      return true;
    }),
    { numRuns: 100 },
  );
});

/** One that has taken nothing over from any snapshot. */
function storeAfter(events: Iterable<NonNullable<Happening['event']>>): SnapshotStore {
  const store = new SnapshotStore();
  for (const { type, object } of events) store.apply(type, object);
  return store;
}

t.test('who claims which host is not worked out again while Rollouts go from step to step', async (t) => {
  const at = (name: string, index: number) =>
    rollout({
      name,
      canary: {
        stableService: name,
        trafficRouting: {},
        steps: [{ setWeight: 10 }, { pause: {} }, { setWeight: 20 }, { pause: {} }],
      },
      status: { stableRS: 'A', currentPodHash: 'B', currentStepIndex: index },
    });
  const store = new SnapshotStore();
  for (const name of ['web', 'api']) {
    const running = ['A', 'B'].map((hash, n) => pod({ owner: name, hash, n }));
    for (const object of [service(name), at(name, 0), ...running]) store.apply('ADDED', object);
  }
  const first = compile(store.snapshot(), { routes: null }, {});
  let before = first;
  for (const index of [3, 1, 3, 1]) {
    store.apply('MODIFIED', at('web', index));
    const next = compile(store.snapshot(), { routes: null }, before.memory, before.cache);
    t.not(next.table, before.table, 'another step, another table');
    t.equal(next.cache.claims, first.cache.claims);
    before = next;
  }
});

t.test('a written route that no change concerns is planned once', async (t) => {
  const store = new SnapshotStore();
  for (const name of ['web', 'api', 'other']) store.apply('ADDED', rollout({ name }));
  const written = [WEB, API];
  const first = compile(store.snapshot(), { routes: written }, {});
  store.apply('MODIFIED', rollout({ name: 'other', spec: { replicas: 9 } }));
  const second = compile(store.snapshot(), { routes: written }, first.memory, first.cache);
  t.equal(second.cache.plan, first.cache.plan, 'no route leads to that Rollout');
  store.apply('MODIFIED', rollout({ name: 'web', spec: { replicas: 9 } }));
  const third = compile(store.snapshot(), { routes: written }, second.memory, second.cache);
  const same = third.cache.plan.routes.map((route, i) => route === first.cache.plan.routes[i]);
  t.same(same, [false, true]);
});

t.test(
  'a route that leads to another Rollout of the same spec leaves what is remembered under the other name',
  async (t) => {
    const twin = (name: string) => rollout({ name, spec: { template: null }, metadata: { uid: '' } });
    const snapshot = snapshotOf([twin('web'), twin('api')]);
    const first = compile(snapshot, { routes: [WEB] }, {});
    const moved = [{ ...WEB, rollout: { namespace: 'shop', name: 'api' } }];
    const second = compile(snapshot, { routes: moved }, first.memory, first.cache);
    t.same(Object.keys(second.memory), ['shop/api']);
  },
);
