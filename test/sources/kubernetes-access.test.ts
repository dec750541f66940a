import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Access } from '../../src/sources/kubernetes/access.ts';
import { defaultKubeconfigs, kubeconfigAccess } from '../../src/sources/kubernetes/kubeconfig.ts';
import { serviceAccountAccess } from '../../src/sources/kubernetes/service-account.ts';
import { KubernetesSource } from '../../src/sources/kubernetes.ts';
import { service } from '../routing/builders.ts';
import { KubernetesApi, status } from './kubernetes-api.ts';
import { FAST, synced } from './kubernetes-source.ts';

const pem = (name: string) => readFileSync(new URL(`tls/${name}`, import.meta.url), 'utf8');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const CA = `certificate-authority-data: ${base64(pem('ca.crt'))}`;

const secureApi = (t: Test) =>
  KubernetesApi.start(t, { key: pem('server.key'), cert: pem('server.crt'), ca: pem('ca.crt') });

/** A kubeconfig with the context `there`, in which the server is asked as this user. */
function kubeconfig(server: string, user: string, cluster = CA): string {
  return `apiVersion: v1
kind: Config
current-context: there
contexts: [{ name: there, context: { cluster: here, user: me } }]
clusters: [{ name: here, cluster: { server: "${server}", ${cluster} } }]
users: [{ name: me, user: { ${user} } }]
`;
}

/** A source of this server that is synced with what a kubeconfig of this user gives. */
async function syncedAs(t: Test, user: string, files: Readonly<Record<string, string>> = {}) {
  const api = await secureApi(t);
  api.put(service('web'));
  const folder = t.testdir({ config: kubeconfig(api.url, user), ...files });
  const access = () => kubeconfigAccess([join(folder, 'config')], false, null);
  const watched = await synced(t, api, { access });
  t.equal(watched.names, 'shop/web');
  return { api, watched, folder };
}

const shown = (api: KubernetesApi) => [...new Set(api.asked.map(({ authorization }) => authorization))];

t.test('a token of the kubeconfig is shown, over TLS that its authority vouches for', async (t) => {
  const { api } = await syncedAs(t, 'token: abc');
  t.strictSame(shown(api), ['Bearer abc']);
});

t.test('a client certificate is shown, given as data or as a file beside the kubeconfig', async (t) => {
  const data = await syncedAs(
    t,
    `client-certificate-data: ${base64(pem('client.crt'))}, client-key-data: ${base64(pem('client.key'))}`,
  );
  t.strictSame([...data.api.clients], ['client']);
  const files = { 'client.crt': pem('client.crt'), 'client.key': pem('client.key') };
  const file = await syncedAs(t, 'client-certificate: client.crt, client-key: client.key', files);
  t.strictSame([...file.api.clients], ['client']);
});

t.test('a plugin is asked, and asked again when its token is refused', async (t) => {
  const plugin = `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$(cat "$(dirname "$0")/token")'"}}'\n`;
  const folder = t.testdir({ plugin, token: 'first' });
  await chmod(join(folder, 'plugin'), 0o700);
  const api = await secureApi(t);
  api.put(service('web'));
  const user = `exec: { apiVersion: client.authentication.k8s.io/v1, command: "${join(folder, 'plugin')}", interactiveMode: Never }`;
  await writeFile(join(folder, 'config'), kubeconfig(api.url, user));
  const watched = await synced(t, api, { access: () => kubeconfigAccess([join(folder, 'config')], false, null) });
  t.strictSame(shown(api), ['Bearer first']);
  await api.until(() => api.watches.length === 4);
  await writeFile(join(folder, 'token'), 'second');
  api.script(({ authorization }) => authorization !== 'Bearer second', status(401, 'Unauthorized', 'Unauthorized'));
  api.drop();
  api.put(service('again'));
  await watched.until(() => watched.names === 'shop/again shop/web');
  t.strictSame(shown(api), ['Bearer first', 'Bearer second']);
});

t.test('a plugin that does not end is a problem, is not started again, and is heard when it does', async (t) => {
  const plugin = `#!/bin/sh
cd "$(dirname "$0")"
echo started >> starts
for i in $(seq 200); do [ -e token ] && break; sleep 0.05; done
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"late"}}'
`;
  const folder = t.testdir({ plugin });
  await chmod(join(folder, 'plugin'), 0o700);
  const api = await secureApi(t);
  api.put(service('web'));
  const user = `exec: { apiVersion: client.authentication.k8s.io/v1, command: "${join(folder, 'plugin')}", interactiveMode: Never }`;
  await writeFile(join(folder, 'config'), kubeconfig(api.url, user));
  const { promise: told, resolve } = Promise.withResolvers<string>();
  const source = new KubernetesSource({
    access: () => kubeconfigAccess([join(folder, 'config')], false, null),
    namespaces: null,
    timing: { ...FAST, headMs: 100 },
    onWaiting: ({ message }) => resolve(message),
  });
  t.teardown(() => source.stop());
  const started = source.start(() => undefined);
  t.match(await told, /^there are no credentials for .*: they have not come within 100 ms; nothing is routed/);
  await writeFile(join(folder, 'token'), '');
  await started;
  t.strictSame(shown(api), ['Bearer late']);
  t.equal(readFileSync(join(folder, 'starts'), 'utf8'), 'started\n');
});

t.test('a proxy that never answers is a problem, and keeps no stop waiting', async (t) => {
  const proxy = createServer((socket) => socket.on('error', () => undefined));
  const sockets = new Set<Socket>();
  proxy.on('connection', (socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const folder = t.testdir({
    config: kubeconfig('https://10.0.0.1', 'token: abc', `proxy-url: "http://127.0.0.1:${port}"`),
  });
  const { promise: told, resolve } = Promise.withResolvers<string>();
  const source = new KubernetesSource({
    access: () => kubeconfigAccess([join(folder, 'config')], false, null),
    namespaces: null,
    timing: { ...FAST, headMs: 50 },
    onWaiting: ({ message }) => resolve(message),
  });
  const started = source.start(() => undefined).catch((error: Error) => error.message);
  t.match(await told, /^cannot reach the API server at https:\/\/10\.0\.0\.1: no answer within 50 ms/);
  await source.stop();
  t.equal(await started, 'the source was stopped before it was read');
});

t.test('a plugin that fails is a problem that repeats nothing of what it printed', async (t) => {
  const folder = t.testdir({ plugin: '#!/bin/sh\necho "token: s3cret"\n' });
  await chmod(join(folder, 'plugin'), 0o700);
  const user = `exec: { apiVersion: client.authentication.k8s.io/v1, command: "${join(folder, 'plugin')}", interactiveMode: Never }`;
  await writeFile(join(folder, 'config'), kubeconfig('https://127.0.0.1:1', user));
  const access = await kubeconfigAccess([join(folder, 'config')], false, null);
  await t.rejects(access.credentials(), {
    code: 'HEADGATE_CREDENTIALS_UNREADABLE',
    message: 'what the plugin has printed is not valid JSON',
  });
});

t.test('a tokenFile is read, and read again when its token is refused', async (t) => {
  const { api, watched, folder } = await syncedAs(t, 'tokenFile: token', { token: 'first' });
  t.strictSame(shown(api), ['Bearer first']);
  await api.until(() => api.watches.length === 4);
  await writeFile(join(folder, 'token'), 'second');
  api.script(({ authorization }) => authorization !== 'Bearer second', status(401, 'Unauthorized', 'Unauthorized'));
  api.drop();
  api.put(service('again'));
  await watched.until(() => watched.names === 'shop/again shop/web');
});

t.test('a certificate that no known authority signed is a problem that says so', async (t) => {
  const api = await secureApi(t);
  const folder = t.testdir({ config: kubeconfig(api.url, 'token: abc', 'insecure-skip-tls-verify: false') });
  const access = () => kubeconfigAccess([join(folder, 'config')], false, null);
  const source = new KubernetesSource({ access, namespaces: null, once: true, timing: FAST });
  t.teardown(() => source.stop());
  await t.rejects(
    source.start(() => undefined),
    /its certificate is not trusted: check certificate-authority/,
  );
  t.equal(api.asked.length, 0);
});

t.test("a password in the server's URL is in no problem", async (t) => {
  const server = 'http://me:s3cret@127.0.0.1:1/prefix';
  const access = async () => ({ server, credentials: async () => ({}), renew: () => undefined });
  const source = new KubernetesSource({ access, namespaces: null, once: true, timing: FAST });
  t.teardown(() => source.stop());
  await t.rejects(
    source.start(() => undefined),
    /cannot reach the API server at http:\/\/127\.0\.0\.1:1\/prefix: /,
  );
});

t.test('to a server without TLS no credentials are shown', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  const folder = t.testdir({ config: kubeconfig(api.url, 'token: abc', 'insecure-skip-tls-verify: true') });
  await synced(t, api, { access: () => kubeconfigAccess([join(folder, 'config')], false, null) });
  t.strictSame(shown(api), ['']);
});

t.test('the service account of a Pod: its token is read for each request', async (t) => {
  const api = await secureApi(t);
  api.put(service('web'));
  const folder = t.testdir({ token: 'first\n', 'ca.crt': pem('ca.crt') });
  const { hostname, port } = new URL(api.url);
  const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const access = serviceAccountAccess(environment, folder);
  if (access === null) throw new Error('not in a cluster');
  const watched = await synced(t, api, { access: async () => access });
  t.strictSame(shown(api), ['Bearer first']);
  await api.until(() => api.watches.length === 4);
  await writeFile(join(folder, 'token'), 'second');
  const before = api.asked.length;
  api.drop();
  api.put(service('again'));
  await watched.until(() => watched.names === 'shop/again shop/web');
  t.ok(api.asked.slice(before).every(({ authorization }) => authorization === 'Bearer second'));
});

t.test('a service account whose token is not mounted is a problem until it is', async (t) => {
  const api = await secureApi(t);
  const folder = t.testdir({ 'ca.crt': pem('ca.crt') });
  const { hostname, port } = new URL(api.url);
  const access = serviceAccountAccess({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }, folder);
  if (access === null) throw new Error('not in a cluster');
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onWaiting = ({ message }: { message: string }) => {
    told.push(message);
    resolve();
  };
  const source = new KubernetesSource({ access: async () => access, namespaces: null, onWaiting, timing: FAST });
  t.teardown(() => source.stop());
  const started = source.start(() => undefined);
  await promise;
  t.match(told, [
    /there are no credentials .*token: there is no such file; is automountServiceAccountToken switched off\?/,
  ]);
  await writeFile(join(folder, 'token'), 'late');
  await started;
  t.strictSame(source.problems, []);
});

t.test(
  'outside a cluster there is no service account; an IPv6 address of the API server is put in brackets',
  async (t) => {
    t.equal(serviceAccountAccess({}), null);
    t.equal(
      serviceAccountAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' })?.server,
      'https://[fd00::1]:443',
    );
  },
);

t.test(
  'of several kubeconfigs the first that names a thing counts; those that are missing are passed over',
  async (t) => {
    const folder = t.testdir({
      one: 'current-context: b\nclusters: [{ name: c, cluster: { server: "https://one" } }]\n',
      two: `current-context: a
clusters: [{ name: c, cluster: { server: "https://two" } }, { name: d, cluster: { server: "https://d/prefix/" } }]
contexts: [{ name: a, context: { cluster: d, user: u } }, { name: b, context: { cluster: c, user: u } }]
users: [{ name: u, user: { token: x } }]
`,
    });
    const files = ['one', 'missing', 'two'].map((name) => join(folder, name));
    const server = async (context: string | null) => (await kubeconfigAccess(files, true, context)).server;
    t.equal(await server(null), 'https://one');
    t.equal(await server('a'), 'https://d/prefix');
    t.strictSame(defaultKubeconfigs({ KUBECONFIG: files.join(':') }), files);
    t.strictSame(defaultKubeconfigs({ HOME: '/home/eve' }), ['/home/eve/.kube/config']);
  },
);

t.test('a kubeconfig that leads to no cluster says which file, why, and what to do', async (t) => {
  const context = 'contexts: [{ name: a, context: { cluster: c, user: u } }]\n';
  const folder = t.testdir({
    empty: '',
    broken: 'users:\n  - name: me\n    user: { token: s3cret\nclusters: []\n',
    'no-server': 'clusters: [{ name: c, cluster: {} }]\n',
    'no-current': context,
    'no-cluster': `current-context: a\n${context}`,
    'no-scheme': kubeconfig('10.0.0.1:6443', 'token: s3cret'),
    'a-name': kubeconfig('api.example.com:6443', 'token: s3cret'),
  });
  const refused = async (name: string, message: RegExp, chosen: string | null = null, optional = false) => {
    const file = join(folder, name);
    const access = (): Promise<Access> => kubeconfigAccess([file], optional, chosen);
    await t.rejects(access(), { code: 'HEADGATE_CLUSTER_UNKNOWN', message }, name);
    await access().catch((error: Error) =>
      t.ok(error.message.startsWith(`${file}: `) && !error.message.includes('s3cret'), name),
    );
  };
  await refused(
    'missing',
    /cannot be read: there is no such file \(name a kubeconfig with source.kubernetes.kubeconfig/,
  );
  await refused('missing', /there is no such file, and this is no Pod of a cluster/, null, true);
  await refused('empty', /is no usable kubeconfig: it is empty, or no map/);
  await refused('broken', /is no usable kubeconfig/);
  await refused('no-server', /is no usable kubeconfig: clusters\[0\].cluster.server is missing/);
  await refused('no-current', /no context is chosen \(write current-context, or --context: one of a\)/);
  await refused('no-current', /there is no context b \(one of a\)/, 'b');
  await refused('no-cluster', /the context a names a cluster that is not there/);
  await refused('no-scheme', /"10.0.0.1:6443" is no URL of a server \(write https:\/\/HOST:PORT\)/);
  await refused('a-name', /"api.example.com:6443" is no URL of a server/);
});
