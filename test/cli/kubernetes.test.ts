import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { loadOptions } from '../../src/cli/load-options.ts';
import { pod, rollout, services } from '../control/cluster.ts';
import { configText } from '../control/gateway.ts';
import { strictUpstream } from '../lib/upstreams.ts';
import { KubernetesApi } from '../sources/kubernetes-api.ts';
import { startHeadgate, startServe } from './process.ts';
import { headgate } from './run.ts';

/** A kubeconfig that leads to the server, in a folder of its own. */
async function cluster(t: Test, objects: readonly object[] = []) {
  const api = await KubernetesApi.start(t);
  for (const object of objects) api.put(object);
  const config = {
    'current-context': 'there',
    contexts: [{ name: 'there', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server: api.url } }],
    users: [{ name: 'me', user: {} }],
  };
  const folder = t.testdir({ kubeconfig: JSON.stringify(config) });
  return { api, folder, kubeconfig: join(folder, 'kubeconfig') };
}

const answering = async (t: Test, body: string) =>
  (await strictUpstream(t, (response) => void response.end(body))).port;

t.test('a configuration with a cluster as its source is served and follows it', async (t) => {
  const [stable, canary] = [await answering(t, 'stable'), await answering(t, 'canary')];
  const objects = [...services(), pod('aaa', stable), pod('bbb', canary)];
  const { api, folder } = await cluster(t, [...objects, rollout({ stable: 'aaa', canary: 'bbb', weight: 0 })]);
  const file = join(folder, 'headgate.yaml');
  await writeFile(file, configText('log: { level: info }\nsource: { kubernetes: { kubeconfig: kubeconfig } }\n'));
  const { served, gateway } = await startServe(t, file);
  t.strictSame(await gateway.count(5), { stable: 5 });
  api.put(rollout({ stable: 'aaa', canary: 'bbb', weight: 100 }));
  await gateway.until(async () => (await gateway.metric('headgate_weight', { version: 'bbb' })) === 100, 'the weight');
  t.strictSame(await gateway.count(5), { canary: 5 });
  await api.close();
  await served.line('cannot reach the API server');
  t.strictSame(await gateway.count(5), { canary: 5 });
  await api.listen();
  await served.line('problem solved');
  served.kill('SIGTERM');
  t.strictSame(await served.exit, { code: 0, signal: null });
});

t.test('--kubernetes takes the place of the source in the file', async (t) => {
  const port = await answering(t, 'stable');
  const objects = [...services(), pod('aaa', port), rollout({ stable: 'aaa', canary: 'aaa', weight: 0 })];
  const { api, folder, kubeconfig } = await cluster(t, objects);
  const file = join(folder, 'headgate.yaml');
  await writeFile(file, configText('log: { level: info }\nsource: { files: [./nothing] }\n'));
  const served = startHeadgate(
    t,
    'serve',
    '-c',
    file,
    '--kubernetes',
    '--namespace',
    'shop',
    '--kubeconfig',
    kubeconfig,
  );
  await served.line('"msg":"serving"');
  t.strictSame([...new Set(api.asked.map(({ namespace }) => namespace))], ['shop']);
  // The file is read again without its source coming into force.
  await writeFile(
    file,
    configText('log: { level: info }\nsource: { files: [./nothing] }\nroutes: [{ rollout: web }]\n'),
  );
  await served.line('configuration reloaded');
  t.strictSame(served.having('without a restart'), []);
});

t.test('a server that is not there yet is told of and waited for', async (t) => {
  const { api, folder } = await cluster(t);
  await api.close();
  const file = join(folder, 'headgate.yaml');
  await writeFile(file, configText('log: { level: info }\nsource: { kubernetes: { kubeconfig: kubeconfig } }\n'));
  const served = startHeadgate(t, 'serve', '-c', file);
  await served.line(/cannot reach the API server at .*: connection refused; nothing is routed until it answers/);
  await api.listen();
  await served.line('"msg":"serving"');
});

t.test('check prints the table of a cluster as it is now, without any file', async (t) => {
  const objects = [...services(), pod('aaa', 8080), rollout({ stable: 'aaa', canary: 'aaa', weight: 0 })];
  const { api, kubeconfig } = await cluster(t, objects);
  const { code, stdout, stderr } = await headgate('check', '--kubernetes', '--kubeconfig', kubeconfig);
  t.strictSame({ code, stderr }, { code: 0, stderr: '' });
  t.match(stdout, /route web\n.*any host.*\n.*stable aaa 100 \(1 endpoint\)/);
  t.equal(api.asked.filter(({ watch }) => watch).length, 0);
});

t.test('a cluster that check cannot reach is a failure with its reason', async (t) => {
  const { api, kubeconfig } = await cluster(t);
  await api.close();
  const { code, stdout, stderr } = await headgate('check', '--kubernetes', '--kubeconfig', kubeconfig);
  t.strictSame({ code, stdout }, { code: 1, stdout: '' });
  t.match(stderr, /^headgate: source\.kubernetes: cannot reach the API server at \S+: connection refused/);
});

t.test('a kubeconfig that is not there, or a context that it does not have, ends the start', async (t) => {
  const { kubeconfig } = await cluster(t);
  const config = join(dirname(kubeconfig), 'headgate.yaml');
  await writeFile(config, 'admin: { port: 0 }\n');
  const missing = await headgate('serve', '--config', config, '--kubernetes', '--kubeconfig', '/nowhere/config');
  t.strictSame({ ...missing, stderr: '' }, { code: 2, stdout: '', stderr: '' });
  t.match(missing.stderr, /^\/nowhere\/config: cannot be read: there is no such file \(/);
  const context = await headgate('check', '--kubeconfig', kubeconfig, '--context', 'other');
  t.strictSame({ ...context, stderr: '' }, { code: 2, stdout: '', stderr: '' });
  t.match(context.stderr, /there is no context other \(one of there\)/);
});

t.test(
  'without a file, everything has its default; in a cluster the admin server is there for the kubelet',
  async (t) => {
    const here = await loadOptions({ kubernetes: true, namespace: ['shop', 'bank', 'shop'], context: 'there' });
    t.equal(here.loaded, null);
    t.strictSame(here.config.listen, [{ address: '0.0.0.0', port: 8080, tls: null }]);
    t.strictSame(here.config.admin, { address: '127.0.0.1', port: 8081 });
    t.strictSame(here.config.source, {
      kubernetes: { namespaces: ['shop', 'bank'], kubeconfig: null, context: 'there' },
    });
    t.equal(here.config.routes, null);
    t.intercept(process, 'env', { value: { ...process.env, KUBERNETES_SERVICE_HOST: '10.0.0.1' } });
    const inside = await loadOptions({ kubernetes: true });
    t.strictSame(inside.config.admin, { address: '0.0.0.0', port: 8081 });
    t.strictSame(inside.config.source, { kubernetes: { namespaces: null, kubeconfig: null, context: null } });
  },
);
