import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { RouteConfig } from '../../src/config/config.ts';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { type CompileCache, type Compiled, compile } from '../../src/routing/compile.ts';
import type { CompileMemory } from '../../src/routing/held-rollout.ts';
import type { EndpointMap, RoutingTable } from '../../src/routing/table.ts';
import { container, experiment, headerStep, pod, rollout, routeConfig, service, snapshotOf } from './builders.ts';

/* What is taken from the compilation before must be what a whole one gives, whatever comes, changes and goes. */

type Routes = readonly RouteConfig[] | null;

/** One thing that happens to the objects, or another configuration; both null: nothing at all. */
interface Happening {
  readonly event: { readonly type: 'MODIFIED' | 'DELETED'; readonly object: object } | null;
  readonly routes: Routes | undefined;
}

const NAMES = ['web', 'api'] as const;
const HASHES = ['A', 'B'] as const;
const EXPERIMENTS = ['exp', 'more'] as const;
const name = fc.constantFrom(...NAMES);
// Mostly one namespace, so that things meet.
const namespace = fc.constantFrom('shop', 'shop', 'shop', 'other');
const hash = fc.constantFrom(...HASHES, 'C', '');
const weight = fc.constantFrom(-5, 0, 10, 25, 50, 100);
const published = fc.record({
  weight,
  podTemplateHash: hash,
  serviceName: fc.constantFrom('', 'exp-one', 'more-two', 'none'),
});

const step = fc.oneof(
  fc.record({ setWeight: weight }),
  fc.constantFrom<object>(
    { pause: {} },
    { setCanaryScale: { replicas: 1 } },
    { setCanaryScale: { matchTrafficWeight: true } },
    headerStep('h', 'x-h', { exact: '1' }),
    headerStep('h', 'x-h', { regex: '(' }),
    { setHeaderRoute: { name: 'h' } },
  ),
);

const canary = fc.record({
  stableService: fc.constantFrom('', 'web', 'api', 'web-canary'),
  canaryService: fc.constantFrom('', 'web-canary'),
  trafficRouting: fc.constantFrom<object | null>(null, {}, { istio: {} }, { maxTrafficWeight: 7 }),
  dynamicStableScale: fc.boolean(),
  steps: fc.array(step, { maxLength: 3 }),
});

const strategy = fc.oneof(
  { weight: 3, arbitrary: canary.map((value) => ({ canary: value })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ activeService: fc.constantFrom('', 'web', 'api'), previewService: fc.constantFrom('', 'web-canary') })
      .map((value) => ({ blueGreen: value })),
  },
);

const status = fc.record({
  observedGeneration: fc.constantFrom('1', '1', '2', ''),
  stableRS: hash,
  currentPodHash: hash,
  currentStepIndex: fc.option(fc.nat(4)),
  abort: fc.boolean(),
  promoteFull: fc.boolean(),
  blueGreen: fc.record({ activeSelector: hash, previewSelector: hash }),
  canary: fc.record({
    weights: fc.option(
      fc.record({ canary: published, stable: published, additional: fc.array(published, { maxLength: 2 }) }),
      { freq: 2 },
    ),
  }),
});

const aRollout = fc
  .record({
    name,
    namespace,
    strategy,
    status,
    generation: fc.constantFrom(1, 1, 2),
    uid: fc.constantFrom('', 'one', 'two'),
    replicas: fc.constantFrom<unknown>(1, 2, 4, 4, 'many'),
    // Null: a workloadRef, whose labels are those of its Pods.
    template: fc.constantFrom<object | null | undefined>(undefined, undefined, null),
  })
  .map(({ strategy, status, generation, uid, replicas, template, ...names }) =>
    rollout({
      ...names,
      ...strategy,
      status,
      metadata: { generation, uid },
      spec: { replicas, ...(template === null && { template }) },
    }),
  );

const PORTS = [
  [{ name: 'http', port: 80, targetPort: 8080 }],
  [{ name: 'http', port: 80, targetPort: 'http' }],
  [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 81, targetPort: 9090 },
  ],
  [{ port: 99_999 }],
];

const aService = fc
  .record({
    name: fc.constantFrom('web', 'web-canary', 'api'),
    namespace,
    ports: fc.constantFrom(...PORTS),
    selector: fc.constantFrom<Record<string, unknown>>(
      { app: 'web' },
      { app: 'api' },
      { tier: 'front', app: 'web' },
      {},
    ),
  })
  .map(({ name, ...parts }) => service(name, parts));

const anExperiment = fc
  .record({
    name: fc.constantFrom(...EXPERIMENTS),
    namespace,
    owner: fc.constantFrom('', ...NAMES),
    token: fc.constantFrom('', 'token', 'same'),
    phase: fc.constantFrom('Running', 'Running', 'Failed'),
    templates: fc.constantFrom(['one'], ['one', 'two'], ['two']),
    statuses: fc.option(fc.constantFrom([{ name: 'one', podTemplateHash: 'A', serviceName: 'exp-one' }]), {
      nil: undefined,
    }),
  })
  .map(({ name, owner, token, statuses, ...parts }) =>
    experiment(name, {
      ...parts,
      ...(statuses && { statuses }),
      metadata: {
        annotations: { 'headgate.dev/token': token },
        ownerReferences: owner === '' ? [] : [{ kind: 'Rollout', name: owner, controller: true }],
      },
    }),
  );

const REPLICA_SETS = [
  ...NAMES.flatMap((owner) => HASHES.map((hash) => ({ replicaSet: `${owner}-${hash}`, hash, owner }))),
  ...EXPERIMENTS.flatMap((name) =>
    ['one', 'two'].map((template) => ({ replicaSet: `${name}-${template}`, hash: 'A', owner: 'web' })),
  ),
];

const aPod = fc
  .record({
    replicaSet: fc.constantFrom(...REPLICA_SETS),
    namespace,
    n: fc.nat(2),
    ready: fc.boolean(),
    containers: fc.constantFrom(
      [container()],
      [container([{ name: 'http', containerPort: 8081 }])],
      [container([{ name: 'http', containerPort: 0 }])],
    ),
    labels: fc.constantFrom({}, { tier: 'front' }),
    orphaned: fc.integer({ min: 0, max: 5 }).map((value) => value === 0),
  })
  .map(({ replicaSet, orphaned, ...parts }) =>
    pod({
      ...replicaSet,
      ...parts,
      metadata: { name: `${replicaSet.replicaSet}-${parts.n}`, ...(orphaned && { ownerReferences: [] }) },
    }),
  );

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

const anything = fc.oneof({ weight: 3, arbitrary: aRollout }, aService, anExperiment, { weight: 4, arbitrary: aPod });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      event: fc.record({ type: fc.constant('MODIFIED' as const), object: anything }),
      routes: fc.constant(undefined),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      event: fc.record({ type: fc.constant('DELETED' as const), object: anything }),
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

t.test('work that is taken from the compilation before changes nothing but the time, whatever happens', async (t) => {
  const history = fc.array(happening, { minLength: 5, maxLength: 60, size: 'max' });
  const beginning = fc.array(anything, { minLength: 5, maxLength: 25, size: 'max' });
  fc.assert(
    fc.property(beginning, routes, history, (objects, configured, happenings) => {
      const store = new SnapshotStore();
      for (const object of objects) store.apply('ADDED', object);
      let inForce = configured;
      let memory: CompileMemory = {};
      let cache: CompileCache | null = null;
      let last: Pick<Compiled, 'table' | 'endpoints'> = { table: { routes: [] }, endpoints: {} };
      for (const { event, routes } of happenings) {
        if (event !== null) store.apply(event.type, event.object);
        if (routes !== undefined) inForce = routes;
        const snapshot = store.snapshot();
        const whole = compile(snapshot, { routes: inForce }, memory);
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
