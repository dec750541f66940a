import t from 'tap';
import { parseExperiment } from '../../src/model/experiment.ts';
import { parsePod } from '../../src/model/pod.ts';
import { parseService } from '../../src/model/service.ts';
import { experiment, pod, service } from '../routing/builders.ts';

function podOf(object: unknown) {
  const parsed = parsePod(object);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.value;
}

function experimentOf(object: unknown) {
  const parsed = parseExperiment(object);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.value;
}

function serviceOf(object: unknown) {
  const parsed = parseService(object);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.value;
}

function targets(targetPort: unknown) {
  return serviceOf(service('s', { ports: [{ port: 80, targetPort }] })).ports[0]?.targetPort;
}

t.test('a Pod is usable when it is Ready, Running, has an address and is not being deleted', async (t) => {
  t.equal(podOf(pod({ n: 1, hash: 'a' })).usable, true);
  t.equal(podOf(pod({ n: 1, hash: 'a', ready: false })).usable, false);
  t.equal(podOf(pod({ n: 1, hash: 'a', phase: 'Failed' })).usable, false);
  t.equal(podOf({ ...pod({ n: 1, hash: 'a' }), status: { phase: 'Running', conditions: null } }).usable, false);
  const metadata = { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' };
  t.equal(podOf(pod({ n: 1, hash: 'a', metadata })).usable, false);
});

t.test('a Pod that is only asked for has no status, and that is fine', async (t) => {
  const value = podOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [] } });
  t.match(value, { namespace: 'default', hash: '', replicaSet: '', ip: '', usable: false });
});

t.test("a Pod's owner is the ReplicaSet that controls it", async (t) => {
  const ownerReferences = [
    { kind: 'Node', name: 'n' },
    { kind: 'ReplicaSet', name: 'other' },
    { kind: 'ReplicaSet', name: 'own', controller: true },
  ];
  t.equal(podOf(pod({ n: 1, hash: 'a', metadata: { name: 'p', ownerReferences } })).replicaSet, 'own');
});

t.test('UDP ports are no ports', async (t) => {
  const ports = [{ containerPort: 53, protocol: 'UDP' }, { containerPort: 80, protocol: 'TCP' }, { containerPort: 81 }];
  t.same(podOf(pod({ n: 1, hash: 'a', containers: [{ name: 'c', ports }] })).ports, [
    { name: '', containerPort: 80 },
    { name: '', containerPort: 81 },
  ]);
  const value = serviceOf(
    service('s', {
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 80, targetPort: 'http' },
      ],
    }),
  );
  t.same(value.ports, [{ name: '', port: 80, targetPort: 'http' }]);
});

t.test('targetPort is a number, a name, a number in quotes, or the port itself', async (t) => {
  t.equal(targets(8080), 8080);
  t.equal(targets('http'), 'http');
  t.equal(targets('8080'), 8080);
  t.equal(targets(null), 80);
  t.equal(targets(undefined), 80);
});

t.test('a Service without selector and ports is understood', async (t) => {
  t.match(serviceOf({ metadata: { name: 's' }, spec: { type: 'ExternalName', externalName: 'x' } }), {
    selector: null,
    ports: [],
  });
});

t.test('an Experiment runs only in phase Running and while it is not being deleted', async (t) => {
  t.equal(experimentOf(experiment('e')).running, true);
  for (const phase of ['Pending', 'Successful', 'Failed', 'Error', 'Inconclusive', '']) {
    t.equal(experimentOf(experiment('e', { phase })).running, false, phase);
  }
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  t.equal(experimentOf(experiment('e', { metadata })).running, false);
});

t.test('an Experiment names its token, its Rollout and what its templates have become', async (t) => {
  const value = experimentOf(
    experiment('e', {
      templates: ['a', 'b'],
      statuses: [{ name: 'b', podTemplateHash: 'hb', serviceName: 'e-b' }],
      metadata: {
        annotations: { 'headgate.dev/token': 'secret' },
        ownerReferences: [{ kind: 'Rollout', name: 'web', controller: true }],
      },
    }),
  );
  t.match(value, { token: 'secret', rollout: 'web', uid: 'uid-e' });
  t.same(value.templates, [
    { name: 'a', hash: '', service: '' },
    { name: 'b', hash: 'hb', service: 'e-b' },
  ]);
});

t.test('an object of any kind that cannot be understood is named with the path of its mistake', async (t) => {
  const problems = [
    parsePod({ metadata: { name: 'p', namespace: 'shop' }, spec: { containers: 'none' } }),
    parseService({ metadata: { name: 's', namespace: 'shop' }, spec: { ports: [{ port: 'http' }] } }),
    parseExperiment({ metadata: { name: 'e', namespace: 'shop' }, spec: { templates: [{}] } }),
  ].map((parsed) => parsed.problems[0]);
  t.match(problems, [
    { place: 'Pod shop/p', message: /^spec\.containers must be a list, / },
    { place: 'Service shop/s', message: /^spec\.ports\[0\]\.port must be a whole number, / },
    { place: 'Experiment shop/e', message: /^spec\.templates\[0\]\.name is missing$/ },
  ]);
});

t.test(
  'a port that no socket can have makes the object unreadable, rather than a connection that throws',
  async (t) => {
    for (const targetPort of [65_536, -1, '99999', '99999999999999999999']) {
      t.match(parseService(service('s', { ports: [{ port: 80, targetPort }] })), {
        ok: false,
        problems: [{ message: /ports\[0\]\.targetPort must be from 1 to 65535/ }],
      });
    }
    t.match(parseService(service('s', { ports: [{ port: 0 }] })), {
      ok: false,
      problems: [{ message: /ports\[0\]\.port must be from 1 to 65535, not 0/ }],
    });
    const containers = [{ name: 'c', ports: [{ containerPort: 70_000 }] }];
    t.match(parsePod(pod({ n: 1, hash: 'a', containers })), { ok: false, problems: [{ message: /containerPort/ }] });
  },
);

t.test("a targetPort of 0 is not set, as Kubernetes has it: the Service's own port counts", async (t) => {
  t.equal(targets(0), 80);
});
