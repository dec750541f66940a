import t from 'tap';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { compile } from '../../src/routing/compile.ts';
import { printTable } from '../../src/routing/print.ts';
import { experiment, headerStep, pod, pods, rollout, routeConfig, service } from './builders.ts';
import { CANARY, firstTarget, keyOf, MIDWAY, only, rule, run, SERVICES, toCanary, WEB } from './compiling.ts';

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
