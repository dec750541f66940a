import t from 'tap';
import { pod, pods, rollout, routeConfig, service } from './builders.ts';
import { CANARY, MIDWAY, only, run, SERVICES, WEB } from './compiling.ts';

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
