import t from 'tap';
import { compile } from '../../src/routing/compile.ts';
import { container, experiment, pod, rollout, routeConfig, service, snapshotOf } from './builders.ts';

const STATUS = { stableRS: 'S', currentPodHash: 'S' };
const WEB = rollout({ canary: { stableService: 'web' }, status: STATUS });

/** The experiment header's values: `value -> role/experiment/version ... (reason)`. */
function run(objects: readonly object[], tokens: Readonly<Record<string, string>> = {}, web = WEB) {
  const config = routeConfig({ rollout: { namespace: null, name: 'web' }, experiments: { header: 'x-exp', tokens } });
  const { table, endpoints, problems } = compile(
    snapshotOf([web, service('web'), ...objects]),
    { routes: [config] },
    {},
  );
  const [route] = table.routes;
  const names = (indexes: readonly number[]) =>
    indexes.map((i) => {
      const version = route?.versions[i];
      return version?.role === 'experiment' ? `${version.experiment}/${version.name}` : version?.role;
    });
  const values = Object.fromEntries(
    (route?.experiments?.values ?? []).map(([value, { versions, reason }]) => [value, [...names(versions), reason]]),
  );
  const split = (route?.split ?? []).map(({ version, weight }) => `${names([version]).join('')} ${weight}`);
  return { route, endpoints, problems, values, split };
}

/** The port that an experiment's Pod gets whose container declares these, and the number of problems. */
function endpoint(...numbers: number[]) {
  const containers = [container(numbers.map((containerPort) => ({ containerPort })))];
  const { endpoints, problems } = run([
    experiment('e'),
    pod({ n: 1, hash: 'h-test', replicaSet: 'e-test', containers }),
  ]);
  return [endpoints['shop/e/test']?.[0]?.port ?? null, problems.length];
}

t.test('an Experiment is reached by token, annotation, uid and name', async (t) => {
  const { values } = run([experiment('e', { metadata: { annotations: { 'headgate.dev/token': 'note' } } })], {
    secret: 'e',
  });
  const target = ['e/h-test', null];
  t.same(values, { secret: target, note: target, 'uid-e': target, e: target });
});

t.test('a token of the configuration wins over an Experiment of that name', async (t) => {
  const { values } = run([experiment('a'), experiment('b')], { a: 'b' });
  t.same(values['a'], ['b/h-test', null]);
});

t.test('of two Experiments with one annotation the first by name has it, and the other is a problem', async (t) => {
  const metadata = { annotations: { 'headgate.dev/token': 'same' } };
  const { values, problems } = run([experiment('b', { metadata }), experiment('a', { metadata })]);
  t.same(values['same'], ['a/h-test', null]);
  t.match(problems, [{ place: 'Experiment shop/b', message: /same headgate\.dev\/token as Experiment shop\/a/ }]);
});

t.test('an Experiment that is not running is answered by stable, ready Pods or not', async (t) => {
  for (const phase of ['Pending', 'Successful', 'Failed', 'Error', 'Inconclusive']) {
    const ready = pod({ n: 1, hash: 'h-test', replicaSet: 'e-test' });
    const { values, endpoints } = run([experiment('e', { phase }), ready], { secret: 'e' });
    t.same(values['secret'], ['stable', 'not_running'], phase);
    t.same(values['e'], ['stable', 'not_running'], phase);
    t.equal(endpoints['shop/e/test'], undefined);
  }
});

t.test('a token whose Experiment is not there is answered by stable', async (t) => {
  t.same(run([], { secret: 'e' }).values, { secret: ['stable', 'absent'] });
});

t.test('a value that names nothing is not listed, so that the weights decide', async (t) => {
  t.same(run([]).values, {});
});

t.test('an Experiment of another namespace is reached by token only', async (t) => {
  const objects = [experiment('e', { namespace: 'lab' })];
  t.same(run(objects).values, {});
  t.same(run(objects, { secret: 'lab/e' }).values, { secret: ['e/h-test', null] });
  t.same(run(objects, { secret: 'e' }).values, { secret: ['stable', 'absent'] });
});

t.test('several templates share a value, and #template names one of them', async (t) => {
  const objects = [experiment('e', { templates: ['a', 'b'] })];
  const { values } = run(objects, { both: 'e', one: 'e#b', full: 'shop/e#a' });
  t.same(values['both'], ['e/h-a', 'e/h-b', null]);
  t.same(values['one'], ['e/h-b', null]);
  t.same(values['full'], ['e/h-a', null]);
});

t.test('a template that the Experiment does not have is a problem', async (t) => {
  const { values, problems } = run([experiment('e', { templates: ['a', 'b'] })], { secret: 'e#c' });
  t.same(values['secret'], ['stable', 'absent']);
  t.match(problems, [{ place: /experiments\.tokens$/, message: /no template c/, remedy: /a, b/ }]);
});

t.test('experiment Pods are those of the ReplicaSet, also where two templates share a hash', async (t) => {
  const statuses = ['a', 'b'].map((name) => ({ name, podTemplateHash: 'same' }));
  const { endpoints, values } = run([
    experiment('e', { templates: ['a', 'b'], statuses }),
    pod({ n: 1, hash: 'same', replicaSet: 'e-a' }),
    pod({ n: 2, hash: 'same', replicaSet: 'e-b' }),
  ]);
  t.same(endpoints['shop/e/a'], [{ host: '10.0.0.2', port: 8080 }]);
  t.same(endpoints['shop/e/b'], [{ host: '10.0.0.3', port: 8080 }]);
  t.same(values['e'], ['e/same-a', 'e/same-b', null], 'and their metrics are not one');
});

t.test("a template without a Service takes its version's name from its Pods", async (t) => {
  const objects = [experiment('e', { statuses: [] })];
  t.same(run(objects).values['e'], ['e/test', null]);
  t.same(run([...objects, pod({ n: 1, hash: 'abc', replicaSet: 'e-test' })]).values['e'], ['e/abc', null]);
});

t.test('templates of one hash and without Services have versions of their own', async (t) => {
  const { values } = run([
    experiment('e', { templates: ['a', 'b'], statuses: [] }),
    pod({ n: 1, hash: 'same', replicaSet: 'e-a' }),
    pod({ n: 2, hash: 'same', replicaSet: 'e-b' }),
  ]);
  t.same(values['e'], ['e/same-a', 'e/same-b', null]);
});

t.test('a running Experiment without templates is answered by stable, not by 503', async (t) => {
  t.same(run([experiment('e', { templates: [] })]).values['e'], ['stable', 'absent']);
});

t.test('an experiment falls back to stable, then to the canary', async (t) => {
  const midway = rollout({ canary: { stableService: 'web' }, status: { stableRS: 'S', currentPodHash: 'C' } });
  const { route } = run([experiment('e')], {}, midway);
  t.same(
    route?.versions.map(({ role, fallback }) => [role, fallback]),
    [
      ['stable', [1]],
      ['canary', [0]],
      ['experiment', [0, 1]],
    ],
  );
});

const OWNED = { ownerReferences: [{ kind: 'Rollout', name: 'web', controller: true }] };
const stepping = (additional: readonly object[]) =>
  rollout({
    canary: { stableService: 'web' },
    status: {
      stableRS: 'S',
      currentPodHash: 'C',
      canary: {
        weights: {
          canary: { weight: 20, podTemplateHash: 'C' },
          stable: { weight: 70, podTemplateHash: 'S' },
          additional,
        },
      },
    },
  });

t.test('the experiment of a step gets its published weights', async (t) => {
  const web = stepping([
    { weight: 5, podTemplateHash: 'h-a', serviceName: '' },
    { weight: 5, podTemplateHash: 'h-b', serviceName: '' },
  ]);
  const { split } = run([experiment('e', { templates: ['a', 'b'], metadata: OWNED })], {}, web);
  t.same(split, ['stable 70', 'canary 20', 'e/h-a 5', 'e/h-b 5']);
});

t.test(
  'weights that the controller published too early, without Service and hash, go to the templates by their place',
  async (t) => {
    const web = stepping([{ weight: 3 }, { weight: 7 }]);
    const own = (name: string) => experiment(name, { templates: ['a', 'b'], metadata: OWNED });
    t.same(run([own('e')], {}, web).split, ['stable 70', 'canary 20', 'e/h-a 3', 'e/h-b 7']);
    const production = ['stable 80', 'canary 20'];
    t.same(run([], {}, web).split, production, 'it is gone');
    t.same(run([own('e'), own('f')], {}, web).split, production, 'of two Experiments it may be either');
    const three = experiment('e', { templates: ['a', 'b', 'c'], metadata: OWNED });
    t.same(run([three], {}, web).split, production, 'one of three templates has no weight, and nobody says which');
  },
);

t.test('templates of one hash get their own weights, by Service', async (t) => {
  const statuses = ['a', 'b'].map((name) => ({ name, podTemplateHash: 'same', serviceName: `e-${name}` }));
  const web = stepping([
    { weight: 3, podTemplateHash: 'same', serviceName: 'e-a' },
    { weight: 7, podTemplateHash: 'same', serviceName: 'e-b' },
  ]);
  const { split } = run([experiment('e', { templates: ['a', 'b'], statuses, metadata: OWNED })], {}, web);
  t.same(split, ['stable 70', 'canary 20', 'e/same-a 3', 'e/same-b 7']);
});

t.test('weights of an experiment that is over or gone stay with stable', async (t) => {
  const web = stepping([{ weight: 10, podTemplateHash: 'h-test', serviceName: 'e-test' }]);
  const over = experiment('e', { phase: 'Successful', metadata: OWNED });
  t.same(run([over], {}, web).split, ['stable 80', 'canary 20']);
  t.same(run([], {}, web).split, ['stable 80', 'canary 20']);
});

t.test("a stand-alone experiment gets no share of a Rollout's weights", async (t) => {
  const web = stepping([{ weight: 10, podTemplateHash: 'h-test', serviceName: 'e-test' }]);
  t.same(run([experiment('e')], {}, web).split, ['stable 80', 'canary 20']);
});

t.test("an experiment's Pods take the Rollout's port where they declare it, else their only one", async (t) => {
  t.same(endpoint(8080, 9090), [8080, 0]);
  t.same(endpoint(3000), [3000, 0]);
  t.same(endpoint(), [8080, 0]);
  t.same(endpoint(3000, 9090), [null, 1]);
});

t.test(
  'an Experiment that declares no port and is shared by Rollouts of two ports has each port for its own route',
  async (t) => {
    const other = rollout({ name: 'other', canary: { stableService: 'other' }, status: STATUS });
    const objects = [
      WEB,
      service('web'),
      other,
      service('other', { ports: [{ port: 80, targetPort: 3000 }] }),
      experiment('e'),
      pod({ n: 1, hash: 'h', replicaSet: 'e-test', containers: [] }),
    ];
    const routes = ['web', 'other'].map((name) =>
      routeConfig({
        name,
        path: `/${name}`,
        rollout: { namespace: null, name },
        experiments: { header: 'x-exp', tokens: {} },
      }),
    );
    const { table, endpoints } = compile(snapshotOf(objects), { routes }, {});
    const ports = table.routes.map(({ versions }) => {
      const key = versions.find(({ role }) => role === 'experiment')?.key ?? '';
      return [key, endpoints[key]?.[0]?.port];
    });
    t.same(ports, [
      ['shop/e/test', 8080],
      ['shop/e/test#3000', 3000],
    ]);
  },
);

t.test(
  'a second port of a Rollout and a named port of another one do not become one version of an Experiment',
  async (t) => {
    const other = rollout({ name: 'other', canary: { stableService: 'other' }, status: STATUS });
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'admin', port: 81, targetPort: 3000 },
    ];
    const declared = [
      { name: 'admin', containerPort: 3001 },
      { name: 'web', containerPort: 3000 },
    ];
    const objects = [
      WEB,
      service('web', { ports }),
      other,
      service('other', { ports: [{ port: 80, targetPort: 'admin' }] }),
      experiment('e'),
      pod({ n: 1, hash: 'h', replicaSet: 'e-test', containers: [container(declared)] }),
    ];
    const experiments = { header: 'x-exp', tokens: {} };
    const routes = [
      routeConfig({ rollout: { namespace: null, name: 'web' }, port: 'http', experiments: null }),
      routeConfig({
        name: 'admin',
        path: '/admin',
        rollout: { namespace: null, name: 'web' },
        port: 'admin',
        experiments,
      }),
      routeConfig({ name: 'web2', path: '/2', rollout: { namespace: null, name: 'web' }, port: 'http', experiments }),
      routeConfig({ name: 'other', path: '/other', rollout: { namespace: null, name: 'other' }, experiments }),
    ];
    const { table, endpoints } = compile(snapshotOf(objects), { routes }, {});
    const used = table.routes.map(({ name, versions }) => {
      const key = versions.find(({ role }) => role === 'experiment')?.key ?? '';
      return [name, endpoints[key]?.[0]?.port];
    });
    t.same(used, [
      ['web', undefined],
      ['admin', 3000],
      ['web2', undefined],
      ['other', 3001],
    ]);
  },
);
