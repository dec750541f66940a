import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { isThere, kustomization, kustomizations, only, yamlFiles } from './kustomize.ts';
import { at, documents, list, ROOT, text } from './yaml.ts';

/* config/kubernetes without a cluster: that its files fit each other, and fit what Headgate does by default. */

const BASE = kustomization('config/kubernetes/base');
const POD = at(only(BASE, 'Deployment'), 'spec', 'template', 'spec');
const CONTAINER = at(POD, 'containers', 0);

function configuration(file: string) {
  return parseConfig(readFileSync(resolve(ROOT, file), 'utf8'), file);
}

/** The port of the container that a probe asks. */
function probePort(container: unknown, probe: string): unknown {
  const port = at(container, probe, 'httpGet', 'port');
  return at(
    list(container, 'ports').find((one) => at(one, 'name') === port),
    'containerPort',
  );
}

for (const folder of [...kustomizations('config/kubernetes'), ...kustomizations('config/examples')]) {
  t.test(`${folder}: every file that the kustomization names is there, and every file there is named`, async (t) => {
    const { references } = kustomization(folder);
    t.same(
      references.filter((path) => !isThere(path)),
      [],
    );
    const own = yamlFiles(folder).filter((file) => basename(file) !== 'kustomization.yaml');
    t.same(
      own.filter((file) => !references.includes(file)),
      [],
    );
  });
}

t.test('every rule of RBAC reads Rollouts, Experiments, Services and Pods, and nothing else', async (t) => {
  const roles = yamlFiles('config/kubernetes')
    .flatMap((file) => documents(file).map((object) => ({ file, object })))
    .filter(({ object }) => ['Role', 'ClusterRole'].includes(text(object, 'kind')));
  t.equal(roles.length, 3);
  for (const { file, object } of roles) {
    t.same(
      list(object, 'rules'),
      [
        { apiGroups: ['argoproj.io'], resources: ['rollouts', 'experiments'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['services', 'pods'], verbs: ['get', 'list', 'watch'] },
      ],
      file,
    );
  }
});

for (const folder of ['base', 'overlays/sidecar', 'overlays/cluster-wide']) {
  t.test(
    `config/kubernetes/${folder}: the binding gives the role that is there to the Pod's service account`,
    async (t) => {
      const objects = yamlFiles(`config/kubernetes/${folder}`).flatMap((file) => documents(file));
      const binding = objects.find((object) => text(object, 'kind').endsWith('RoleBinding'));
      const roles = objects.filter((object) => text(object, 'kind').endsWith('Role'));
      t.same(
        roles.map((role) => [at(role, 'kind'), at(role, 'metadata', 'name')]),
        [[at(binding, 'roleRef', 'kind'), at(binding, 'roleRef', 'name')]],
      );
      const deployments = [...objects, ...BASE.objects].filter((object) => at(object, 'kind') === 'Deployment');
      t.equal(
        at(binding, 'subjects', 0, 'name'),
        at(
          deployments.find((one) => at(one, 'spec', 'template', 'spec', 'serviceAccountName') !== undefined),
          'spec',
          'template',
          'spec',
          'serviceAccountName',
        ),
      );
    },
  );
}

t.test('the ports of the container are those that the configuration listens on', async (t) => {
  const { listen, admin } = configuration('config/kubernetes/base/headgate.yaml');
  t.same(list(CONTAINER, 'ports'), [
    { name: 'http', containerPort: listen[0]?.port },
    { name: 'admin', containerPort: admin?.port },
  ]);
  t.same([listen[0]?.address, admin?.address], ['0.0.0.0', '0.0.0.0'], 'neither is out of the reach of the kubelet');
});

t.test('each probe asks the admin port for what tells that state', async (t) => {
  const { admin } = configuration('config/kubernetes/base/headgate.yaml');
  for (const [probe, path] of [
    ['startupProbe', '/livez'],
    ['livenessProbe', '/livez'],
    ['readinessProbe', '/readyz'],
  ] as const) {
    t.equal(at(CONTAINER, probe, 'httpGet', 'path'), path, probe);
    t.equal(probePort(CONTAINER, probe), admin?.port, probe);
  }
});

t.test('the Services lead to ports that the container has', async (t) => {
  const names = list(CONTAINER, 'ports').map((port) => at(port, 'name'));
  const services = BASE.objects.filter((object) => at(object, 'kind') === 'Service');
  t.equal(services.length, 2);
  for (const service of services) {
    for (const port of list(service, 'spec', 'ports')) t.ok(names.includes(at(port, 'targetPort')));
  }
});

t.test('what selects the Pods selects by labels that they have', async (t) => {
  const labels = at(only(BASE, 'Deployment'), 'spec', 'template', 'metadata', 'labels');
  const selectors = BASE.objects.flatMap((object) => [
    ...(at(object, 'kind') === 'Service' ? [at(object, 'spec', 'selector')] : []),
    ...['selector', 'podSelector'].flatMap((key) => at(object, 'spec', key, 'matchLabels') ?? []),
  ]);
  t.ok(selectors.length >= 5);
  for (const selector of selectors) t.same(selector, labels);
});

t.test('the kubelet waits longer than a drain takes, with seconds to spare', async (t) => {
  const { drain } = configuration('config/kubernetes/base/headgate.yaml');
  const grace = Number(at(POD, 'terminationGracePeriodSeconds')) * 1000;
  t.ok(grace >= drain.delay + drain.timeout + 5_000, `${grace} ms for ${drain.delay} and ${drain.timeout} ms`);
  t.ok(drain.delay >= 5_000, 'endpoints need a moment to reach every node');
  t.equal(at(CONTAINER, 'lifecycle'), undefined, 'a preStop hook would add to drain.delay');
});

t.test('the configuration of the cluster keeps to the default drain', async (t) => {
  const plain = parseConfig(
    'routes: [{ path: /, versions: { a: { weight: 1, endpoints: ["127.0.0.1:1"] } } }]',
    'default.yaml',
  );
  t.same(configuration('config/kubernetes/base/headgate.yaml').drain, plain.drain);
});

t.test('the container runs without root, capabilities or a writable root file system', async (t) => {
  for (const [pod, container] of [
    [at(POD, 'securityContext'), at(CONTAINER, 'securityContext')],
    [
      null,
      at(
        documents('config/kubernetes/overlays/sidecar/sidecar.yaml')[0],
        'spec',
        'template',
        'spec',
        'initContainers',
        0,
        'securityContext',
      ),
    ],
  ]) {
    const both = (key: string) => at(container, key) ?? at(pod, key);
    t.equal(both('runAsNonRoot'), true);
    t.equal(both('runAsUser'), imageUser());
    t.same(both('seccompProfile'), { type: 'RuntimeDefault' });
    t.equal(both('readOnlyRootFilesystem'), true);
    t.equal(both('allowPrivilegeEscalation'), false);
    t.same(both('capabilities'), { drop: ['ALL'] });
  }
});

/** The number that the Dockerfile's USER says. */
function imageUser(): number {
  return Number(/^USER (\d+):\d+$/m.exec(readFileSync(resolve(ROOT, 'Dockerfile'), 'utf8'))?.[1]);
}

t.test('an update takes no Pod away before a new one is ready, and there are two at least', async (t) => {
  const deployment = only(BASE, 'Deployment');
  t.equal(at(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable'), 0);
  const autoscaler = only(BASE, 'HorizontalPodAutoscaler');
  t.equal(at(autoscaler, 'spec', 'minReplicas'), 2);
  t.equal(at(autoscaler, 'spec', 'scaleTargetRef', 'name'), at(deployment, 'metadata', 'name'));
  t.equal(at(deployment, 'spec', 'replicas'), undefined, 'a number would undo what the autoscaler has chosen');
});

t.test('requests and limits are set, and a limit is not below its request', async (t) => {
  t.same(at(CONTAINER, 'resources'), {
    requests: { cpu: '250m', memory: '128Mi' },
    limits: { cpu: '2', memory: '1Gi' },
  });
});

t.test('limits.connections is what the memory limit suffices for, by the formula of docs/memory.md', async (t) => {
  const [patch] = documents('config/kubernetes/overlays/sidecar/sidecar.yaml');
  const sidecar = at(patch, 'spec', 'template', 'spec', 'initContainers', 0);
  for (const [container, folder] of [
    [CONTAINER, 'base'],
    [sidecar, 'overlays/sidecar'],
  ] as const) {
    const { limits, workers } = configuration(`config/kubernetes/${folder}/headgate.yaml`);
    const [, amount, unit] = /^(\d+)(Mi|Gi)$/.exec(text(container, 'resources', 'limits', 'memory')) ?? [];
    const mebibytes = Number(amount) * (unit === 'Gi' ? 1024 : 1);
    const each = (204 * 1024 + limits.headerBytes) / (1 << 20);
    const needed = 190 + 70 * (workers - 1) + limits.connections * each;
    t.ok(limits.connections > 0 && needed <= mebibytes, `${folder}: ${needed.toFixed(0)} of ${mebibytes} MiB`);
  }
});

t.test('the admin port is open to the namespace of Prometheus only', async (t) => {
  const rules = list(only(BASE, 'NetworkPolicy'), 'spec', 'ingress');
  const open = rules.filter((rule) => at(rule, 'from') === undefined);
  t.same(
    open.map((rule) => at(rule, 'ports')),
    [[{ port: 'http' }]],
  );
});

t.test('the replicas find each other by the admin Service, and may ask each other', async (t) => {
  const [service] = documents('config/kubernetes/base/admin-service.yaml');
  const { admin } = configuration('config/kubernetes/base/headgate.yaml');
  const examples = kustomizations('config/examples')
    .map((folder) => `${folder}/headgate.yaml`)
    .filter(isThere);
  t.ok(examples.length > 0);
  for (const file of ['config/kubernetes/base/headgate.yaml', ...examples]) {
    t.same(configuration(file).analysis.peers, { host: text(service, 'metadata', 'name'), port: admin?.port }, file);
  }
  t.equal(text(service, 'spec', 'clusterIP'), 'None', 'it stands for all of their addresses');
  t.equal(at(service, 'spec', 'ports', 0, 'port'), admin?.port);
  const replicas = at(only(BASE, 'Deployment'), 'spec', 'selector');
  const rules = list(only(BASE, 'NetworkPolicy'), 'spec', 'ingress');
  const asking = rules.flatMap((rule) => list(rule, 'from')).map((peer) => at(peer, 'podSelector'));
  t.ok(asking.some((selector) => isDeepStrictEqual(selector, replicas)));
});

t.test('the ServiceMonitor finds the admin Service and its port', async (t) => {
  const [monitor] = documents('config/kubernetes/overlays/servicemonitor/service-monitor.yaml');
  const [service] = documents('config/kubernetes/base/admin-service.yaml');
  t.same(at(monitor, 'spec', 'selector', 'matchLabels'), at(service, 'metadata', 'labels'));
  t.equal(at(monitor, 'spec', 'endpoints', 0, 'port'), at(service, 'spec', 'ports', 0, 'name'));
});

t.test('the sidecar listens for its own Pod only, and starts the application when it can route', async (t) => {
  const folder = 'config/kubernetes/overlays/sidecar';
  const { listen, admin, drain } = configuration(`${folder}/headgate.yaml`);
  const [patch] = documents(`${folder}/sidecar.yaml`);
  const sidecar = at(patch, 'spec', 'template', 'spec', 'initContainers', 0);
  t.equal(listen[0]?.address, '127.0.0.1');
  t.equal(at(sidecar, 'restartPolicy'), 'Always');
  t.equal(at(sidecar, 'startupProbe', 'httpGet', 'path'), '/readyz');
  t.equal(probePort(sidecar, 'startupProbe'), admin?.port);
  t.equal(probePort(sidecar, 'livenessProbe'), admin?.port);
  t.ok(drain.delay + drain.timeout < 30_000, 'the grace period of a Pod that says nothing is 30 s, for both together');
});

t.test('the image has the version of the package everywhere', async (t) => {
  const { version } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
  const images = yamlFiles('config/kubernetes').flatMap((file) =>
    [...readFileSync(resolve(ROOT, file), 'utf8').matchAll(/image: (headgate:\S+)/g)].map((match) => match[1]),
  );
  t.same([...new Set(images)], [`headgate:${version}`]);
});

t.test('every version of the VirtualService kind takes any field, and one is stored', async (t) => {
  const [kind] = documents('config/kubernetes/crds/virtualservice.yaml');
  const versions = list(kind, 'spec', 'versions');
  t.same(
    versions.map((version) => [at(version, 'name'), at(version, 'storage')]),
    [
      ['v1alpha3', false],
      ['v1beta1', false],
      ['v1', true],
    ],
  );
  for (const version of versions) {
    t.equal(at(version, 'schema', 'openAPIV3Schema', 'x-kubernetes-preserve-unknown-fields'), true);
  }
});

t.test('the comments of each kustomization name its own folder', async (t) => {
  for (const folder of [...kustomizations('config/kubernetes'), ...kustomizations('config/examples')]) {
    const file = readFileSync(resolve(ROOT, folder, 'kustomization.yaml'), 'utf8');
    t.match(file, `kubectl apply -k ${folder}`, folder);
  }
});

t.test(
  'overlays/tls: the Secret is mounted where the certificates are looked for, each port leads to the next',
  async (t) => {
    const folder = 'config/kubernetes/overlays/tls';
    const added = (file: string) =>
      documents(`${folder}/${file}`)
        .flatMap((operations) => (Array.isArray(operations) ? operations : []))
        .filter((operation) => at(operation, 'op') === 'add')
        .map((operation) => at(operation, 'value'));
    const [volume, mount, containerPort] = added('deployment.yaml');
    const [servicePort] = added('service.yaml');
    const [policyPort] = added('network-policy.yaml');
    const [configured] = documents(`${folder}/headgate.yaml`);
    const secured = list(configured, 'listen').find((one) => at(one, 'tls') !== undefined);
    const [pair] = list(secured, 'tls', 'certificates');
    t.equal(at(volume, 'name'), at(mount, 'name'));
    // The keys of a Secret of type kubernetes.io/tls.
    const mounted = text(mount, 'mountPath');
    t.same(pair, { certificate: `${mounted}/tls.crt`, key: `${mounted}/tls.key` });
    t.equal(at(containerPort, 'containerPort'), at(secured, 'port'));
    t.equal(at(servicePort, 'targetPort'), at(containerPort, 'name'));
    t.equal(at(policyPort, 'port'), at(containerPort, 'name'));
    const [plain] = list(configured, 'listen');
    const base = documents('config/kubernetes/base/headgate.yaml')[0];
    t.same({ ...Object(configured), listen: plain }, base, 'the rest is as in the base');
  },
);
