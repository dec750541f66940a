import t from 'tap';
import { compile } from '../../src/routing/compile.ts';
import { container, pod, pods, rollout, routeConfig, service, snapshotOf } from './builders.ts';

const STATUS = { stableRS: 'S', currentPodHash: 'S' };
const HTTP = { name: 'http', port: 80, targetPort: 8080 };
const ADMIN = { name: 'admin', port: 90, targetPort: 'admin' };

interface Case {
  canary?: Readonly<Record<string, unknown>>;
  services?: readonly object[];
  port?: string | number | null;
  containers?: readonly object[];
  spec?: Readonly<Record<string, unknown>>;
}

/** The port of the only Pod, or the problem. */
function portOf(given: Case) {
  const { port, problem } = chosen(given);
  return problem ?? port;
}

function chosen({ canary = { stableService: 'web' }, services = [], port = null, containers, spec = {} }: Case) {
  const objects = [
    rollout({ canary, status: STATUS, spec: { ...(containers && { template: { spec: { containers } } }), ...spec } }),
    pod({ n: 1, hash: 'S', ...(containers && { containers }) }),
    ...services,
  ];
  const config = routeConfig({ rollout: { namespace: null, name: 'web' }, port });
  const { endpoints, problems } = compile(snapshotOf(objects), { routes: [config] }, {});
  const [problem] = problems;
  return {
    port: endpoints['shop/web/S']?.[0]?.port,
    problem: problem === undefined ? undefined : `${problem.message} | ${problem.remedy}`,
  };
}

t.test('the only port of the Services is used', async (t) => {
  t.equal(portOf({ services: [service('web', { ports: [HTTP] })] }), 8080);
});

t.test('Services that lead to one container port are not ambiguous', async (t) => {
  const services = [service('a', { ports: [HTTP] }), service('b', { ports: [{ port: 8000, targetPort: 8080 }] })];
  t.equal(portOf({ canary: { stableService: 'a', canaryService: 'b' }, services }), 8080);
});

t.test("pingPong Services are the Rollout's own", async (t) => {
  const canary = { pingPong: { pingService: 'a', pongService: 'b' } };
  t.equal(portOf({ canary, services: [service('a', { ports: [{ port: 80, targetPort: 7000 }] })] }), 7000);
});

t.test('several ports are a problem that lists them, and nothing is guessed', async (t) => {
  const ports = [ADMIN, { name: 'grpc', port: 50, targetPort: 5000 }];
  const result = chosen({ services: [service('web', { ports })] });
  t.match(result, {
    port: undefined,
    problem: /several ports: admin \(90\), grpc \(50\) \| write a route to it with `port`/,
  });
});

t.test('a port more in one of the Services does not stop the requests: the one that all have is used', async (t) => {
  const services = [service('a', { ports: [ADMIN, HTTP] }), service('b', { ports: [HTTP] })];
  t.same(chosen({ canary: { stableService: 'a', canaryService: 'b' }, services }), { port: 8080, problem: undefined });
});

t.test('of several ports in all Services the one named http is used, else 80, and a problem says so', async (t) => {
  const both = (ports: readonly object[]) => ({
    canary: { stableService: 'a', canaryService: 'b' },
    services: [service('a', { ports }), service('b', { ports })],
  });
  t.match(chosen(both([ADMIN, { ...HTTP, port: 8000 }])), {
    port: 8080,
    problem:
      /\(a, b\) have several ports \(.*\): its requests go to the one named http \| write a route to it with `port`/,
  });
  t.match(chosen(both([{ name: 'web', port: 80, targetPort: 7000 }, ADMIN])), { port: 7000, problem: /go to 80 / });
});

t.test('the port of the route is the name or the number of a Service port', async (t) => {
  const services = [service('web', { ports: [HTTP, ADMIN] })];
  const containers = [container([{ name: 'admin', containerPort: 9099 }])];
  t.equal(portOf({ services, port: 'http' }), 8080);
  t.equal(portOf({ services, port: 80 }), 8080);
  t.equal(portOf({ services, port: 'admin', containers }), 9099);
});

t.test('a port that no Service has is a problem that lists those there are', async (t) => {
  const result = portOf({ services: [service('web', { ports: [HTTP] })], port: 'grpc' });
  t.match(result, /no port grpc in its Services \(web\) \| set `port` of its route to one of http \(80\)/);
});

t.test('a port that two Services lead to different containers is a problem', async (t) => {
  const services = [service('a', { ports: [HTTP] }), service('b', { ports: [{ ...HTTP, targetPort: 9000 }] })];
  const result = portOf({ canary: { stableService: 'a', canaryService: 'b' }, services, port: 'http' });
  t.match(result, /port http leads to different container ports in its Services \(a, b\): 8080, 9000/);
});

t.test('one port with two targetPorts is not called several ports, which setting `port` would not cure', async (t) => {
  const services = [service('a', { ports: [HTTP] }), service('b', { ports: [{ ...HTTP, targetPort: 'http' }] })];
  const result = portOf({ canary: { stableService: 'a', canaryService: 'b' }, services });
  t.match(result, /port http \(80\) leads to different container ports .*: 8080, http \| give the Services the same/);
});

t.test('a named targetPort that no container has is a problem', async (t) => {
  const services = [service('web', { ports: [ADMIN] })];
  t.match(portOf({ services }), /no container of version S has a port named admin/);
});

t.test('where no Service is named, those that select the Pods count', async (t) => {
  const services = [
    service('web', { ports: [{ port: 80, targetPort: 7000 }] }),
    service('db', { selector: { app: 'db' } }),
  ];
  t.equal(portOf({ canary: {}, services }), 7000);
  const workloadRef = { template: null, workloadRef: { name: 'web' } };
  t.equal(portOf({ canary: {}, services, spec: workloadRef }), 7000);
});

t.test('a Service that selects by labels which the Pods do not all have is not theirs', async (t) => {
  const selector = { app: 'web', tier: 'admin' };
  t.equal(portOf({ canary: {}, services: [service('x', { selector, ports: [{ port: 7000 }] })] }), 8080);
});

t.test('a Service without a selector selects no Pods', async (t) => {
  t.equal(portOf({ canary: {}, services: [service('x', { selector: {}, ports: [{ port: 1 }] })] }), 8080);
});

t.test('without any Service the only container port is used', async (t) => {
  t.equal(portOf({ canary: {} }), 8080);
  t.equal(portOf({ canary: {}, containers: [container([{ containerPort: 3000 }])] }), 3000);
});

t.test(
  'the only container port is used, and a problem, where the Services that the Rollout names are missing',
  async (t) => {
    const objects = [
      rollout({ canary: { stableService: 'web-stable', canaryService: 'web-canary' }, status: STATUS }),
      pod({ n: 1, hash: 'S' }),
    ];
    const compiled = compile(snapshotOf(objects), { routes: null }, {});
    t.equal(compiled.endpoints['shop/web/S']?.[0]?.port, 8080);
    t.match(compiled.problems, [
      {
        place: 'Rollout shop/web',
        message: /^the Services that it names \(web-canary, web-stable\) are not there: .* container port, 8080$/,
        remedy: /^create them in its namespace, /,
      },
    ]);
  },
);

t.test('Services that are missing while there is no Pod yet are on their way', async (t) => {
  const objects = [rollout({ canary: { stableService: 'web-stable' } })];
  t.strictSame(compile(snapshotOf(objects), { routes: null }, {}).problems, []);
});

t.test('without any Service the port of the route is a container port', async (t) => {
  const containers = [
    container([
      { name: 'a', containerPort: 1000 },
      { name: 'b', containerPort: 2000 },
    ]),
  ];
  t.equal(portOf({ canary: {}, containers, port: 'b' }), 2000);
  t.equal(portOf({ canary: {}, containers, port: 1000 }), 1000);
});

t.test('without any Service several container ports, or none, are a problem', async (t) => {
  const two = [container([{ containerPort: 1000 }, { containerPort: 2000 }])];
  t.match(portOf({ canary: {}, containers: two }), /several ports: 1000, 2000/);
  t.match(portOf({ canary: {}, containers: [container([])] }), /declare no TCP port/);
});

t.test(
  'a Pod that is unlike the others does not decide their port, whether it takes requests yet or not',
  async (t) => {
    const containers = [container(), container([{ name: 'proxy', containerPort: 15_090 }])];
    for (const unlike of [
      { n: 0, ready: false, phase: 'Pending', ip: '' },
      { n: 0, ip: '10.0.0.0' },
    ]) {
      const objects = [
        rollout({ spec: { template: null }, status: { stableRS: 'A', currentPodHash: 'A' } }),
        ...pods('A', 3, 1),
        pod({ hash: 'A', containers, ...unlike }),
      ];
      const { endpoints, problems } = compile(snapshotOf(objects), { routes: null }, {});
      t.same(problems, []);
      t.equal(endpoints['shop/web/A']?.filter(({ port }) => port === 8080).length, unlike.ready === false ? 3 : 4);
    }
  },
);

t.test('a version whose Pods take no requests does not decide the port of another one', async (t) => {
  const containers = [container(), container([{ name: 'proxy', containerPort: 15_090 }])];
  const objects = [
    rollout({ spec: { template: null }, status: { stableRS: 'A', currentPodHash: 'B' } }),
    pod({ n: 1, hash: 'A', ready: false, phase: 'Pending', ip: '', containers }),
    ...pods('B', 2, 2),
  ];
  const { endpoints, problems } = compile(snapshotOf(objects), { routes: null }, {});
  t.same(problems, []);
  t.equal(endpoints['shop/web/B']?.length, 2);
});

t.test('Pods that declare nothing in common are asked where the first of them says', async (t) => {
  const at = (containerPort: number) => [container([{ name: 'http', containerPort }])];
  const objects = [
    rollout({ spec: { template: null }, status: { stableRS: 'A', currentPodHash: 'A' } }),
    pod({ n: 1, hash: 'A', containers: at(8081) }),
    pod({ n: 2, hash: 'A', containers: at(8082) }),
  ];
  const { endpoints } = compile(snapshotOf(objects), { routes: null }, {});
  t.same(endpoints['shop/web/A']?.[0], { host: '10.0.0.2', port: 8081 });
});
