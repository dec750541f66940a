import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { experiment, pod, rollout, services } from '../control/cluster.ts';
import { configText } from '../control/gateway.ts';
import { startLoad } from '../control/load.ts';
import { rawClient } from '../lib/raw-client.ts';
import { replaceFile } from '../lib/replace-file.ts';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { startHeadgate, startServe } from './process.ts';
import { headgate } from './run.ts';

const INFO = 'log: { level: info }\n';
const RELOADED = 'headgate_config_last_reload_successful';

/** A version `only` at this port. */
const routeTo = (port: number): string =>
  `routes: [{ versions: { only: { weight: 1, endpoints: ["127.0.0.1:${port}"] } } }]\n`;

const answering = async (t: Test, body: string) =>
  (await strictUpstream(t, (response) => void response.end(body))).port;

/** The configuration file in a folder of its own. */
function configFile(t: Test, more: string): string {
  const text = configText(/^log:/m.test(more) ? more : INFO + more);
  return join(t.testdir({ 'headgate.yaml': text }), 'headgate.yaml');
}

/** `serve` before an upstream that answers `/held` only when it is released. */
async function serveHolding(t: Test, more = '') {
  let release: () => void = () => undefined;
  const hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { port } = await strictUpstream(t, (response, { target }) => {
    void (target === '/held' ? hold : Promise.resolve()).then(() => response.end(target));
  });
  const running = await startServe(t, configFile(t, more + routeTo(port)));
  const client = await rawClient(t, running.gateway.port);
  client.send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n');
  const inFlight = async () => (await running.gateway.metric('headgate_requests_in_flight')) === 1;
  await running.gateway.until(inFlight, 'the request in flight');
  return { ...running, client, release };
}

async function takenPort(t: Test): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

t.test('versions and weights written in the configuration are served', async (t) => {
  const [stable, canary] = [await answering(t, 'stable'), await answering(t, 'canary')];
  const file = configFile(
    t,
    `routes:
  - versions:
      stable: { weight: 90, endpoints: ["127.0.0.1:${stable}"] }
      canary: { weight: 10, endpoints: ["127.0.0.1:${canary}"] }
    headers: [{ name: x-canary, exact: "true", to: canary }]
`,
  );
  const { gateway } = await startServe(t, file);
  const { canary: served = 0 } = await gateway.count(100);
  t.ok(served >= 9 && served <= 11, `${served} of 100 at 10 %`);
  t.strictSame(await gateway.count(5, { 'x-canary': 'true' }), { canary: 5 });
});

t.test('manifests and configuration are applied as they change, and a broken one takes nothing away', async (t) => {
  const named = (name: string) => answering(t, name);
  const [stable, canary, trial] = [await named('stable'), await named('canary'), await named('trial')];
  const config = (path: string) =>
    configText(`${INFO}source: { files: [./manifests] }
routes: [{ rollout: web, path: ${path}, experiments: { header: x-experiment, tokens: {} } }]
`);
  const rolloutAt = (weight: number) => JSON.stringify(rollout({ stable: 'aaa', canary: 'bbb', weight }));
  const items = [...services(), pod('aaa', stable), pod('bbb', canary), pod('ccc', trial, 'trial-new'), experiment()];
  const folder = t.testdir({
    'headgate.yaml': config('/'),
    manifests: {
      'rollout.json': rolloutAt(10),
      'rest.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    },
  });
  const configPath = join(folder, 'headgate.yaml');
  const manifest = join(folder, 'manifests', 'rollout.json');
  const { served, gateway } = await startServe(t, configPath);
  const weight = () => gateway.metric('headgate_weight', { version: 'bbb' });

  await t.test('the Rollout, its Pods and its Experiment are served', async (t) => {
    const { canary = 0 } = await gateway.count(100);
    t.ok(canary >= 9 && canary <= 11, `${canary} of 100 at 10 %`);
    t.strictSame(await gateway.count(3, { 'x-experiment': 'trial' }), { trial: 3 });
  });

  await t.test('a changed step is applied, and no request fails meanwhile', async (t) => {
    const load = startLoad(t, gateway.port);
    await replaceFile(manifest, rolloutAt(50));
    await gateway.until(async () => (await weight()) === 50, 'the new weight');
    await load.more(20);
    await load.stop();
    t.strictSame(load.failures, []);
    const { canary = 0 } = await gateway.count(50);
    t.ok(canary >= 24 && canary <= 26, `${canary} of 50 at 50 %`);
  });

  await t.test(
    'a broken manifest is told with its line and keeps what it held, while the others are read',
    async (t) => {
      await replaceFile(manifest, 'kind: Rollout\nspec: [\n');
      t.match(await served.line(`${manifest}:`), /rollout\.json:3:1".*is not valid YAML.*what it held before is kept/);
      t.equal(await weight(), 50);
      t.match(await gateway.get(), { status: 200 });
      await replaceFile(manifest, rolloutAt(100));
      await gateway.until(async () => (await weight()) === 100, 'the repaired manifest');
      t.strictSame(await gateway.count(5), { canary: 5 });
    },
  );

  await t.test('a broken configuration is told with its line, keeps the routes and shows in a metric', async (t) => {
    t.equal(await gateway.metric(RELOADED), 1);
    await replaceFile(configPath, `${config('/')}rutes: []\n`);
    t.match(await served.line('the changed configuration is not applied'), /headgate\.yaml:\d+:1 rutes: unknown key/);
    t.equal(await gateway.metric(RELOADED), 0);
    t.match(await gateway.get(), { status: 200, body: 'canary' });
  });

  await t.test('the repaired configuration is applied, its changed routes with it', async (t) => {
    await replaceFile(configPath, config('/shop'));
    await served.line('configuration reloaded');
    t.equal(await gateway.metric(RELOADED), 1);
    await gateway.until(async () => (await gateway.get('/')).status === 404, 'the new route');
    t.match(await gateway.get('/shop/cart'), { status: 200, body: 'canary' });
  });
});

t.test('SIGTERM answers what is in flight and exits with 0', async (t) => {
  const { served, gateway, client, release } = await serveHolding(t, 'drain: { delay: 300ms, timeout: 10s }\n');
  served.kill('SIGTERM');
  await served.line('draining');
  t.match(await gateway.admin('/readyz'), { status: 503, body: 'draining\n' });
  release();
  const { status, head } = await client.readFinal();
  t.equal(status, 200);
  t.match(head, /connection: close/i);
  client.socket.end();
  t.strictSame(await served.exit, { code: 0, signal: null });
  t.equal(served.having('every request was answered').length, 1);
  t.equal(served.stderr, '');
});

t.test('SIGINT does the same', async (t) => {
  const { served, client, release } = await serveHolding(t);
  served.kill('SIGINT');
  await served.line('draining');
  release();
  t.equal((await client.readFinal()).status, 200);
  client.socket.end();
  t.strictSame(await served.exit, { code: 0, signal: null });
});

t.test('drain.timeout cuts what is left, says so, and the process exits with 0', async (t) => {
  const { served, client } = await serveHolding(t, 'drain: { delay: 0, timeout: 100ms }\n');
  served.kill('SIGTERM');
  t.strictSame(await served.exit, { code: 0, signal: null });
  t.equal(served.having('what was left has been cut').length, 1);
  t.equal(client.unread.length, 0);
});

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  t.test(`a second signal ends it at once: ${signal} with ${code}`, async (t) => {
    const { served } = await serveHolding(t, 'drain: { delay: 0, timeout: 1m }\n');
    served.kill('SIGTERM');
    await served.line('draining');
    // A second one that comes within a moment is the same keypress.
    await sleep(300);
    served.kill(signal);
    t.strictSame(await served.exit, { code, signal: null });
    t.match(served.lines.at(-1), `"signal":"${signal}","msg":"a second signal: what is left is cut"`);
  });
}

t.test('one Ctrl-C that arrives twice, from the terminal and from npm, is one', async (t) => {
  const { served, client, release } = await serveHolding(t);
  served.kill('SIGINT');
  await served.line('draining');
  served.kill('SIGINT');
  release();
  t.equal((await client.readFinal()).status, 200);
  client.socket.end();
  t.strictSame(await served.exit, { code: 0, signal: null });
});

t.test('a signal that comes as soon as it serves ends it in order', async (t) => {
  const served = startHeadgate(t, 'serve', '--config', configFile(t, routeTo(1)));
  await served.line('"msg":"serving"');
  served.kill('SIGTERM');
  t.strictSame(await served.exit, { code: 0, signal: null });
});

t.test('the line that tells of serving names the addresses, not only the ports', async (t) => {
  const served = startHeadgate(t, 'serve', '--config', configFile(t, routeTo(1)));
  const line: unknown = JSON.parse(await served.line('"msg":"serving"'));
  t.match(line, { listen: [/^127\.0\.0\.1:[1-9]\d*$/] });
});

t.test('a taken port is one line that names it and the key, with exit code 1', async (t) => {
  const port = await takenPort(t);
  const file = configFile(t, `listen: { address: 127.0.0.1, port: ${port} }\n${routeTo(1)}`);
  const { code, stdout, stderr } = await headgate('serve', '--config', file);
  t.strictSame({ code, stdout }, { code: 1, stdout: '' });
  t.equal(
    stderr,
    `headgate: listen: 127.0.0.1:${port} is in use: end the process that has it, or set another listen.port\n`,
  );
});

t.test('a taken port of the admin server is one line as well', async (t) => {
  const [port, free] = [await takenPort(t), await deadPort()];
  const addresses = `listen: { address: 127.0.0.1, port: ${free} }\nadmin: { address: 127.0.0.1, port: ${port} }\n`;
  const { code, stderr } = await headgate('serve', '--config', configFile(t, addresses + routeTo(1)));
  t.equal(code, 1);
  t.equal(
    stderr,
    `headgate: admin: 127.0.0.1:${port} is in use: end the process that has it, or set another admin.port\n`,
  );
});

t.test('a second Headgate does not share the port of the first', async (t) => {
  const port = await deadPort();
  const file = configFile(t, `listen: { address: 127.0.0.1, port: ${port} }\n${routeTo(1)}`);
  await startServe(t, file);
  const { code, stderr } = await headgate('serve', '--config', file);
  t.equal(code, 1);
  t.match(stderr, `127.0.0.1:${port} is in use`);
});

t.test('a mistake in the configuration is told before anything listens, with exit code 2', async (t) => {
  const { code, stderr } = await headgate('serve', '--config', configFile(t, `workers: 0\n${routeTo(1)}`));
  t.equal(code, 2);
  t.match(stderr, 'workers: must be from 1 to 256, not 0');
});

t.test('log.access writes a line of JSON for each request, the last ones too', async (t) => {
  const port = await answering(t, 'hello');
  const file = configFile(
    t,
    `log: { level: info, access: true }
routes:
  - name: shop
    versions:
      stable: { weight: 1, endpoints: ["127.0.0.1:${port}"] }
      beta: { endpoints: ["127.0.0.1:${port}"] }
    headers: [{ name: x-beta, present: true, to: beta }]
`,
  );
  const { served, gateway } = await startServe(t, file);
  await gateway.get('/cart?token=secret');
  await gateway.get('/cart', { 'x-beta': '1' });
  served.kill('SIGTERM');
  t.strictSame(await served.exit, { code: 0, signal: null });
  const lines: unknown[] = served.having('"log":"access"').map((line) => JSON.parse(line));
  const common = { method: 'GET', path: '/cart', status: 200, route: 'shop', fallback: '' };
  t.match(lines, [
    { ...common, version: 'stable', role: 'stable', rule: 'weight', upstream: `127.0.0.1:${port}` },
    { ...common, version: 'beta', role: 'beta', rule: 'header:x-beta' },
  ]);
  t.equal(lines.length, 2);
});
