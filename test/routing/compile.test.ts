import t from 'tap';
import type { RouteConfig } from '../../src/config/config.ts';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { compile } from '../../src/routing/compile.ts';
import type { CompileMemory } from '../../src/routing/held-rollout.ts';
import { printTable } from '../../src/routing/print.ts';
import type { Route, Target } from '../../src/routing/table.ts';
import { experiment, headerStep, pod, pods, rollout, routeConfig, service, snapshotOf } from './builders.ts';

const CANARY = {
  stableService: 'web-stable',
  canaryService: 'web-canary',
  trafficRouting: {},
  steps: [{ setWeight: 25 }],
};
const SERVICES = [service('web-stable'), service('web-canary')];
const MIDWAY = { stableRS: 'S', currentPodHash: 'C', currentStepIndex: 0 };
const WEB = { namespace: null, name: 'web' };

function run(objects: readonly object[], routes: readonly RouteConfig[] | null = null, memory: CompileMemory = {}) {
  return compile(snapshotOf(objects), { routes }, memory);
}

function only(routes: readonly Route[]): Route {
  const [route] = routes;
  if (route === undefined || routes.length !== 1) throw new Error(`${routes.length} routes`);
  return route;
}

/** The first rule's target, its versions as `role name`. */
function firstTarget(route: Route): (Omit<Target, 'versions'> & { versions: readonly string[] }) | null {
  const target = route.rules[0]?.target;
  if (target === undefined) return null;
  return { ...target, versions: target.versions.map((i) => `${route.versions[i]?.role} ${route.versions[i]?.name}`) };
}

const rule = (to: string, fallback = true) => ({ name: 'x-v', match: { kind: 'present' as const }, to, fallback });
const toCanary = (status: object, fallback = true, canary: object = CANARY) =>
  only(
    run(
      [rollout({ canary: { ...canary }, status: { ...status } }), ...SERVICES, ...pods('S', 4, 1), ...pods('C', 1, 9)],
      [routeConfig({ rollout: WEB, headers: [rule('canary', fallback)] })],
    ).table.routes,
  );

/** Key of the version with that role. */
function keyOf(status: object, role: string) {
  const { versions } = only(run([rollout({ canary: CANARY, status: { ...status } })]).table.routes);
  return versions.find((version) => version.role === role)?.key;
}

t.test('a Rollout alone takes every request without a configuration', async (t) => {
  const { table, endpoints, problems } = run([
    rollout({ canary: CANARY, status: MIDWAY }),
    ...SERVICES,
    ...pods('S', 4, 1),
    ...pods('C', 1, 9),
  ]);
  const route = only(table.routes);
  t.match(route, { name: 'web', hosts: [], path: '/' });
  t.same(problems, []);
  t.same(route.split, [
    { version: 0, weight: 75 },
    { version: 1, weight: 25 },
  ]);
  t.same(endpoints['shop/web/C'], [{ host: '10.0.0.10', port: 8080 }]);
  t.equal(endpoints['shop/web/S']?.length, 4);
});

t.test('several Rollouts are told apart by the names of their Services, in four forms', async (t) => {
  const other = rollout({ name: 'other', canary: { stableService: 'other' } });
  const { table } = run([rollout({ canary: CANARY }), other, ...SERVICES, service('other')]);
  t.same(
    table.routes.map(({ name, hosts }) => [name, hosts.length]),
    [
      ['other', 4],
      ['web', 8],
    ],
  );
  t.same(table.routes[0]?.hosts, ['other', 'other.shop', 'other.shop.svc', 'other.shop.svc.cluster.local']);
});

t.test('a Rollout beside one that cannot be read does not take its requests', async (t) => {
  const broken = rollout({ name: 'broken', spec: { replicas: 'many' } });
  const { table, problems } = run([rollout({ canary: CANARY }), broken, ...SERVICES]);
  t.equal(only(table.routes).hosts.length, 8);
  t.match(problems, [{ place: 'Rollout shop/broken', message: /left out: spec\.replicas/ }]);
});

t.test('a Rollout without Services beside others is a problem, not a route for any host', async (t) => {
  const { table, problems } = run([rollout({ canary: CANARY }), rollout({ name: 'other' }), ...SERVICES]);
  t.equal(only(table.routes).name, 'web');
  t.match(problems, [{ place: 'Rollout shop/other', message: /no Service/ }]);
});

t.test('Rollouts of one name get the namespace into the name of their route', async (t) => {
  const there = [
    rollout({ namespace: 'there', canary: { stableService: 'web' } }),
    service('web', { namespace: 'there' }),
  ];
  const { table } = run([rollout({ canary: CANARY }), ...SERVICES, ...there]);
  t.same(
    table.routes.map(({ name }) => name),
    ['shop/web', 'there/web'],
  );
});

t.test('a bare host that Services of two namespaces have leads to neither of their Rollouts', async (t) => {
  const there = [rollout({ namespace: 'there', canary: CANARY }), service('web-stable', { namespace: 'there' })];
  const { table, problems } = run([rollout({ canary: CANARY }), ...SERVICES, ...there]);
  const bare = table.routes.map(({ name, hosts }) => [name, hosts.filter((host) => !host.includes('.'))]);
  t.same(bare, [
    ['shop/web', ['web-canary']],
    ['there/web', []],
  ]);
  t.equal(table.routes[1]?.hosts.length, 3);
  t.match(problems, [
    { place: 'Rollout shop/web', message: /bare host web-stable/, remedy: /web-stable\.shop/ },
    { place: 'Rollout there/web', message: /bare host web-stable/, remedy: /web-stable\.there/ },
  ]);
});

t.test('a bare host does not go to another namespace while the Rollout of its own cannot be read', async (t) => {
  const there = [
    rollout({ namespace: 'there', spec: { replicas: 'many' } }),
    service('web-stable', { namespace: 'there' }),
  ];
  const { table } = run([rollout({ canary: CANARY }), ...SERVICES, ...there]);
  t.notOk(only(table.routes).hosts.includes('web-stable'));
});

t.test('a route to a Rollout that is not there exists, with a problem: 503 rather than 404', async (t) => {
  const { table, problems } = run([], [routeConfig({ rollout: WEB, hosts: ['a.example'] })]);
  t.match(only(table.routes), { name: 'web', hosts: ['a.example'], versions: [], split: [] });
  t.match(problems, [{ place: 'headgate.yaml:1 routes[0]', message: /no Rollout web/ }]);
});

t.test('a name that several namespaces have is a problem until the namespace is written', async (t) => {
  const both = [rollout({}), rollout({ namespace: 'there' })];
  const unclear = run(both, [routeConfig({ rollout: WEB })]);
  t.match(unclear.problems, [{ message: /shop\/web, there\/web/, remedy: /namespace\/name/ }]);
  t.same(only(unclear.table.routes).versions, []);
  const clear = run(both, [routeConfig({ rollout: { namespace: 'there', name: 'web' } })]);
  t.notMatch(clear.problems, [{ message: /several/ }]);
});

t.test('of two routes with one host and path the first keeps it', async (t) => {
  const versions = { stable: { weight: null, endpoints: [] } };
  const { table, problems } = run(
    [],
    [
      routeConfig({ name: 'a', hosts: ['x', 'y'], versions }),
      routeConfig({ name: 'b', place: 'headgate.yaml:9 routes[1]', hosts: ['y', 'z'], versions }),
      routeConfig({ name: 'c', place: 'headgate.yaml:19 routes[2]', hosts: ['x'], versions }),
      routeConfig({ name: 'd', hosts: ['x'], path: '/d', versions }),
    ],
  );
  t.same(
    table.routes.map(({ name, hosts }) => [name, hosts]),
    [
      ['a', ['x', 'y']],
      ['b', ['z']],
      ['d', ['x']],
    ],
  );
  t.same(
    problems.map(({ place }) => place),
    ['headgate.yaml:9 routes[1]', 'headgate.yaml:19 routes[2]'],
  );
});

t.test('a rule to the canary leads there while there is one', async (t) => {
  t.same(firstTarget(toCanary(MIDWAY)), { asked: 'canary', versions: ['canary C'], reason: null, fallback: true });
});

t.test('a rule to the canary leads to stable after an abort, and says so', async (t) => {
  const target = firstTarget(toCanary({ ...MIDWAY, abort: true }));
  t.same(target, { asked: 'canary', versions: ['stable S'], reason: 'aborted', fallback: true });
});

t.test('a rule to the canary leads to stable when there is none', async (t) => {
  const target = firstTarget(toCanary({ stableRS: 'S', currentPodHash: 'S' }));
  t.same(target, { asked: 'canary', versions: ['stable S'], reason: 'absent', fallback: true });
});

t.test('a rule with fallback none leads nowhere when what it names is not there', async (t) => {
  const target = firstTarget(toCanary({ stableRS: 'S', currentPodHash: 'S' }, false));
  t.same(target, { asked: 'canary', versions: [], reason: 'absent', fallback: false });
  t.match(firstTarget(toCanary(MIDWAY, false)), { versions: ['canary C'], fallback: false });
});

t.test('rules of the route come before those of the steps', async (t) => {
  const steps = [headerStep('h', 'x-step', { exact: '1' })];
  const route = toCanary(MIDWAY, true, { ...CANARY, steps });
  t.same(
    route.rules.map(({ origin, label, header }) => [origin, label, header]),
    [
      ['route', 'header:x-v', 'x-v'],
      ['step', 'h', 'x-step'],
    ],
  );
});

t.test('a rule to a role of the other strategy is a problem and is answered by production', async (t) => {
  const { table, problems } = run(
    [rollout({ canary: CANARY, status: MIDWAY }), ...SERVICES],
    [routeConfig({ rollout: WEB, headers: [rule('preview')] })],
  );
  t.match(firstTarget(only(table.routes)), { asked: 'preview', versions: ['stable S'], reason: 'absent' });
  t.match(problems, [{ message: /leads to preview, but Rollout shop\/web is canary: it has stable and canary/ }]);
});

t.test('a rule with an invalid regex is left out alone', async (t) => {
  const regex = { name: 'x-r', match: { kind: 'regex' as const, value: '(?=a)' }, to: 'canary', fallback: true };
  const { table, problems } = run(
    [rollout({ canary: CANARY, status: MIDWAY }), ...SERVICES],
    [routeConfig({ rollout: WEB, headers: [regex, rule('canary')] })],
  );
  t.same(
    only(table.routes).rules.map(({ header }) => header),
    ['x-v'],
  );
  t.match(problems, [{ place: 'headgate.yaml:1 routes[0]', message: /header x-r: invalid regex/ }]);
});

t.test('stable and canary stand in for each other', async (t) => {
  t.same(
    toCanary(MIDWAY).versions.map(({ role, fallback }) => [role, fallback]),
    [
      ['stable', [1]],
      ['canary', [0]],
    ],
  );
});

t.test('blue-green: active takes all, preview is reached by rule, and only preview falls back', async (t) => {
  const { table } = run(
    [
      rollout({
        blueGreen: { activeService: 'web-stable', previewService: 'web-canary' },
        status: { stableRS: 'S', currentPodHash: 'P', blueGreen: { activeSelector: 'S', previewSelector: 'P' } },
      }),
      ...SERVICES,
    ],
    [routeConfig({ rollout: WEB, headers: [rule('preview')] })],
  );
  const route = only(table.routes);
  t.same(
    route.versions.map(({ role, name, fallback }) => [role, name, fallback]),
    [
      ['active', 'S', []],
      ['preview', 'P', [0]],
    ],
  );
  t.same(route.split, [{ version: 0, weight: 100 }]);
  t.match(firstTarget(route), { versions: ['preview P'], reason: null });
});

t.test('blue-green: a rule to preview follows previewSelector after an abort', async (t) => {
  const { table } = run(
    [
      rollout({
        blueGreen: { activeService: 'web-stable' },
        status: { abort: true, stableRS: 'S', blueGreen: { activeSelector: 'S', previewSelector: 'P' } },
      }),
      ...SERVICES,
    ],
    [routeConfig({ rollout: WEB, headers: [rule('preview')] })],
  );
  t.match(firstTarget(only(table.routes)), { versions: ['preview P'], reason: null });
});

t.test('blue-green: a new Rollout serves from its stable hash before activeSelector is set', async (t) => {
  const { table } = run([
    rollout({
      blueGreen: { activeService: 'web-stable' },
      status: { stableRS: 'S', currentPodHash: 'S', blueGreen: { previewSelector: 'S' } },
    }),
    ...SERVICES,
  ]);
  t.match(only(table.routes).versions, [{ role: 'active', name: 'S' }]);
});

t.test('two Rollouts of a namespace that share a hash keep their Pods apart', async (t) => {
  const both = ['web', 'other'].map((name) =>
    rollout({ name, canary: { stableService: name }, status: { stableRS: 'S', currentPodHash: 'S' } }),
  );
  const { endpoints } = run([
    ...both,
    service('web'),
    service('other'),
    ...pods('S', 2, 1),
    ...pods('S', 1, 7, { owner: 'other' }),
  ]);
  t.equal(endpoints['shop/web/S']?.length, 2);
  t.same(endpoints['shop/other/S'], [{ host: '10.0.0.8', port: 8080 }]);
});

t.test('a version key survives the change of its role', async (t) => {
  t.equal(keyOf(MIDWAY, 'canary'), 'shop/web/C');
  t.equal(keyOf({ stableRS: 'C', currentPodHash: 'C' }, 'stable'), 'shop/web/C');
});

t.test('while the controller has not seen a new spec the old one counts', async (t) => {
  const before = rollout({
    canary: { ...CANARY, steps: [{ setWeight: 25 }, headerStep('h', 'x', { exact: '1' })] },
    status: { ...MIDWAY, currentStepIndex: 1 },
  });
  const more = [...SERVICES, ...pods('S', 4, 1), ...pods('C', 4, 10)];
  const first = run([before, ...more]);
  const steps = [{ setWeight: 90 }, { setWeight: 95 }];
  const status = { ...MIDWAY, currentStepIndex: 1, observedGeneration: '1' };
  const lagging = rollout({ canary: { ...CANARY, steps }, status, metadata: { generation: 2 } });
  const held = run([lagging, ...more], null, first.memory);
  t.same(held.table, first.table);
  const seen = rollout({
    canary: { ...CANARY, steps },
    status: { ...status, observedGeneration: '2' },
    metadata: { generation: 2 },
  });
  t.same(only(run([seen, ...more], null, held.memory).table.routes).split, [
    { version: 0, weight: 5 },
    { version: 1, weight: 95 },
  ]);
});

t.test('an abort counts also while the controller has not seen a new spec', async (t) => {
  const first = run([rollout({ canary: CANARY, status: MIDWAY }), ...pods('C', 1, 1)]);
  const aborted = rollout({ canary: CANARY, status: { ...MIDWAY, abort: true }, metadata: { generation: 2 } });
  t.match(only(run([aborted, ...pods('C', 1, 1)], null, first.memory).table.routes).split, [
    { weight: 100 },
    { weight: 0 },
  ]);
});

t.test('a Rollout that is created again under its name starts afresh', async (t) => {
  const first = run([rollout({ canary: CANARY, status: MIDWAY }), ...pods('C', 4, 1)]);
  const steps = [{ setWeight: 80 }];
  const again = rollout({ canary: { ...CANARY, steps }, status: MIDWAY, metadata: { uid: 'another', generation: 2 } });
  t.match(only(run([again, ...pods('C', 4, 1)], null, first.memory).table.routes).split, [
    { weight: 20 },
    { weight: 80 },
  ]);
});

t.test('two routes to two ports of one Rollout have endpoints of their own', async (t) => {
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 90, targetPort: 9090 },
  ];
  const { table, endpoints, problems } = run(
    [rollout({ canary: CANARY, status: MIDWAY }), service('web-stable', { ports }), ...pods('S', 1, 1)],
    [
      routeConfig({ name: 'a', rollout: WEB, port: 'http' }),
      routeConfig({ name: 'b', rollout: WEB, port: 90, path: '/admin' }),
    ],
  );
  t.same(problems, []);
  t.same(endpoints['shop/web/S'], [{ host: '10.0.0.2', port: 8080 }]);
  t.same(endpoints['shop/web/S#90'], [{ host: '10.0.0.2', port: 9090 }]);
  t.equal(table.routes[1]?.versions[0]?.key, 'shop/web/S#90');
});

t.test('the table and the memory are plain data', async (t) => {
  const objects = [rollout({ canary: CANARY, status: MIDWAY }), experiment('e'), ...SERVICES, ...pods('S', 1, 1)];
  const compiled = run(objects, [
    routeConfig({ rollout: WEB, headers: [rule('canary')], experiments: { header: 'x', tokens: {} } }),
  ]);
  t.same(structuredClone(compiled.table), compiled.table);
  t.same(structuredClone(compiled.memory), compiled.memory);
});

t.test('a Pod that is not ready, or is being deleted, is no endpoint', async (t) => {
  const deleted = { name: 'gone', deletionTimestamp: 'now', labels: { 'rollouts-pod-template-hash': 'S' } };
  const { endpoints } = run([
    rollout({ canary: CANARY, status: MIDWAY }),
    ...SERVICES,
    pod({ n: 1, hash: 'S' }),
    pod({ n: 2, hash: 'S', ready: false }),
    pod({ n: 3, hash: 'S', metadata: deleted }),
  ]);
  t.same(endpoints['shop/web/S'], [{ host: '10.0.0.2', port: 8080 }]);
});

t.test('a Pod with the label of a version and no ReplicaSet is a problem, not just missing', async (t) => {
  const metadata = { name: 'by-hand', labels: { 'rollouts-pod-template-hash': 'S' }, ownerReferences: [] };
  const { endpoints, problems } = run([
    rollout({ canary: CANARY, status: MIDWAY }),
    ...SERVICES,
    pod({ n: 1, hash: 'S', metadata }),
  ]);
  t.same(endpoints['shop/web/S'], []);
  t.match(problems, [{ place: 'Pod shop/by-hand', message: /no ReplicaSet/, remedy: /ownerReferences/ }]);
});

t.test('the printed table shows split, rules with their reasons, experiments and fallbacks', async (t) => {
  const { table, endpoints, reasons } = run(
    [rollout({ canary: CANARY, status: MIDWAY }), ...SERVICES, ...pods('S', 4, 1), ...pods('C', 1, 9)],
    [
      routeConfig({
        hosts: ['a.example', '*.b.example'],
        path: '/api',
        rollout: WEB,
        headers: [
          { name: 'x-canary', match: { kind: 'exact', value: 'true' }, to: 'canary', fallback: false },
          { name: 'x-p', match: { kind: 'prefix', value: 'a' }, to: 'stable', fallback: true },
        ],
        experiments: { header: 'x-exp', tokens: { secret: 'exp' } },
      }),
    ],
  );
  t.equal(
    printTable(table, endpoints, reasons),
    `route web
  match       a.example, *.b.example  /api
  split       stable S 75 (4 endpoints)
              canary C 25 (1 endpoint)
  because     step 0 of 1
  rules       x-canary = "true" -> canary C, no fallback  [route]
              x-p begins with "a" -> stable S  [route]
  experiments x-exp = "secret" -> stable S (experiment absent)
  fallback    stable S -> canary C
              canary C -> stable S
`,
  );
});

t.test('a changed Pod makes new endpoints of its own version only, and no new table', async (t) => {
  const objects = (ready: boolean) =>
    ['a', 'b'].flatMap((name) => [
      rollout({ name, canary: {}, status: { stableRS: 'S', currentPodHash: 'S' } }),
      service(name, { selector: { app: name } }),
      pod({ n: 1, hash: 'S', owner: name }),
      pod({ n: 2, hash: 'S', owner: name, ready: ready || name === 'b' }),
    ]);
  const store = new SnapshotStore();
  for (const object of objects(true)) store.apply('ADDED', object);
  const first = compile(store.snapshot(), { routes: null }, {});
  const [, , , changed] = objects(false);
  store.apply('MODIFIED', changed);
  const second = compile(store.snapshot(), { routes: null }, first.memory, first.cache);
  t.equal(second.table, first.table);
  t.equal(second.endpoints['shop/b/S'], first.endpoints['shop/b/S']);
  t.same([first.endpoints['shop/a/S']?.length, second.endpoints['shop/a/S']?.length], [2, 1]);
});

t.test('a route to a Rollout that cannot be understood says so, and not that there is none', async (t) => {
  const routes = [routeConfig({ rollout: { namespace: null, name: 'web' } })];
  const { problems } = run([rollout({ spec: { replicas: 'many' } })], routes);
  t.match(problems, [
    { place: 'Rollout shop/web', message: /spec\.replicas/ },
    { place: /routes\[0\]/, message: 'Rollout shop/web cannot be understood: its requests get 503' },
  ]);
});

t.test('of two Rollouts that claim a host the older one keeps it, whatever their names', async (t) => {
  const claiming = (name: string, creationTimestamp: string) =>
    rollout({ name, canary: { stableService: 'both' }, metadata: { creationTimestamp }, status: MIDWAY });
  const [older, newer] = ['2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z'];
  const others = [service('both'), service('aaa'), pod({ n: 1, hash: 'S' })];
  const { table, problems } = run([claiming('web', older), claiming('aaa', newer), ...others]);
  t.same(
    table.routes.map(({ name }) => name),
    ['web'],
  );
  t.match(problems, [
    {
      place: 'Rollout shop/aaa',
      message:
        '"both", "both.shop", "both.shop.svc", "both.shop.svc.cluster.local" with path / already belongs to route web',
    },
  ]);
  t.equal(run([claiming('web', newer), claiming('aaa', older), ...others]).table.routes[0]?.name, 'aaa');
  t.equal(run([claiming('web', ''), claiming('aaa', newer), ...others]).table.routes[0]?.name, 'aaa');
});

t.test('what the controller refuses is a problem, in its words', async (t) => {
  const conditions = [{ type: 'InvalidSpec', status: 'True', message: 'spec.strategy: Invalid value' }];
  const { problems } = run([rollout({ status: { conditions } })]);
  t.match(problems, [
    { place: 'Rollout shop/web', message: 'the controller does not act on it: spec.strategy: Invalid value' },
  ]);
  const solved = conditions.map((condition) => ({ ...condition, status: 'False' }));
  t.same(run([rollout({ status: { conditions: solved } })]).problems, []);
});

t.test('no Rollout at all is a problem where the Rollouts make the routes', async (t) => {
  t.match(run([service('web')]).problems, [{ message: 'there is no Rollout: every request gets 404' }]);
  t.same(run([service('web')], []).problems, []);
});
