import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { PodLists } from '../../src/model/pod-lists.ts';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { pod, rollout, services, TestSource } from './cluster.ts';
import { configText, Gateway, LocalGateway, makeHeadgate, startGateway } from './gateway.ts';

/** A configuration of routes, each a path to a version at one port. */
const routesTo = (ports: Readonly<Record<string, number>>): string =>
  `routes:\n${Object.entries(ports)
    .map(
      ([path, port]) => `  - { path: ${path}, versions: { only: { weight: 1, endpoints: ["127.0.0.1:${port}"] } } }\n`,
    )
    .join('')}`;

const answering = async (t: Test, body: string) =>
  (await strictUpstream(t, (response) => void response.end(body))).port;

/** A port of 127.0.0.1 that somebody else listens on. */
async function takenPort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Rejects when somebody listens there. */
async function listenOn(port: number): Promise<void> {
  const server = createServer().listen({ host: '127.0.0.1', port, exclusive: true });
  await once(server, 'listening');
  server.close();
}

const RELOADED = 'headgate_config_last_reload_successful';

t.test('it is alive and not ready until the source has been read', async (t) => {
  const only = await answering(t, 'only');
  const source = new TestSource([...services(), rollout({ stable: 'aaa', canary: 'aaa' }), pod('aaa', only)]);
  let reach: () => void = () => undefined;
  source.reachable = () =>
    new Promise((resolve) => {
      reach = resolve;
    });
  const { headgate, log } = makeHeadgate('source: { files: [.] }\n', source);
  const started = headgate.start();
  t.teardown(() => headgate.shutdown());
  while (headgate.adminPort === null) await new Promise(setImmediate);
  const gateway = new LocalGateway(headgate, log);
  t.match(await gateway.admin('/livez'), { status: 200 });
  t.match(await gateway.admin('/readyz'), { status: 503, body: 'the source has not been read yet\n' });
  t.equal(await gateway.metric('headgate_source_synced'), 0);
  reach();
  await started;
  t.match(await gateway.admin('/readyz'), { status: 200 });
  t.equal(await gateway.metric('headgate_source_synced'), 1);
});

t.test('nobody is told 404 while it starts: connections are refused until there is a table', async (t) => {
  const [only, port] = [await answering(t, 'only'), await deadPort()];
  const listen = `listen: { address: 127.0.0.1, port: ${port} }\n`;
  const { headgate } = makeHeadgate(`workers: 2\n${listen}${routesTo({ '/': only })}`);
  const gateway = new Gateway(port, 0);
  const answers = new Set<string>();
  const asking = gateway.until(async () => {
    const answer = await gateway.get().then(
      ({ status }) => String(status),
      (error: NodeJS.ErrnoException) => error.code ?? String(error),
    );
    answers.add(answer);
    return answer === '200';
  }, 'an answer');
  await headgate.start();
  t.teardown(() => headgate.shutdown());
  await asking;
  t.strictSame([...answers].sort(), ['200', 'ECONNREFUSED']);
});

t.test('the routes of a changed configuration are applied at once', async (t) => {
  const [one, two] = [await answering(t, 'one'), await answering(t, 'two')];
  const gateway = await startGateway(t, routesTo({ '/': one }));
  gateway.headgate.reload(parseConfig(configText(routesTo({ '/': two, '/one': one })), 'headgate.yaml'));
  await gateway.applied();
  t.equal((await gateway.get('/')).body, 'two');
  t.equal((await gateway.get('/one')).body, 'one');
  t.notOk(
    gateway.log.some((line) => line.includes('need a restart')),
    'nothing else has changed',
  );
});

t.test('what needs a restart is not applied, and the log names the keys', async (t) => {
  const one = await answering(t, 'one');
  const gateway = await startGateway(t, routesTo({ '/': one }));
  const changed = `${routesTo({ '/': one })}versionHeader: x-served\ntimeouts: { idle: 1s, connect: 1s }\n`;
  gateway.headgate.reload(parseConfig(configText(changed), 'headgate.yaml'));
  t.equal((await gateway.get('/')).headers['x-served'], undefined);
  const [line = ''] = gateway.log.filter((line) => line.includes('need a restart'));
  t.match(line, 'these keys have changed and need a restart: timeouts.connect, timeouts.idle, versionHeader');
});

t.test('after a reload that failed everything goes on, and a metric tells of it until one succeeds', async (t) => {
  const config = routesTo({ '/': await answering(t, 'one') });
  const gateway = await startGateway(t, config);
  t.equal(await gateway.metric(RELOADED), 1);
  gateway.headgate.reloadFailed({
    message: 'headgate.yaml:3:1 rutes: unknown key',
    mistakes: [{ file: 'headgate.yaml', line: 3, column: 1, path: 'rutes', message: 'unknown key', remedy: null }],
  });
  t.equal(await gateway.metric(RELOADED), 0);
  t.equal(gateway.log.filter((line) => line.includes('headgate.yaml:3:1 rutes: unknown key')).length, 1);
  t.equal((await gateway.get('/')).body, 'one');
  gateway.headgate.reload(parseConfig(configText(config), 'headgate.yaml'));
  t.equal(await gateway.metric(RELOADED), 1);
});

t.test('a source that hands on what cannot be compiled ends nothing: the table before it stays', async (t) => {
  const only = await answering(t, 'only');
  const source = new TestSource([...services(), rollout({ stable: 'aaa', canary: 'aaa' }), pod('aaa', only)]);
  const gateway = await startGateway(t, 'source: { files: [.] }\n', source);
  const broken = {
    get rollouts(): never {
      throw new Error('a bug of ours');
    },
    experiments: [],
    services: [],
    pods: PodLists.empty,
    orphans: [],
    problems: [],
    unreadableRollouts: [],
  };
  t.doesNotThrow(() => source.publish(broken));
  t.equal(gateway.log.filter((line) => line.includes('a bug of ours')).length, 1);
  t.match(await gateway.get(), { status: 200, body: 'only' });
  source.publish();
  await gateway.applied();
  t.match(await gateway.get(), { status: 200, body: 'only' });
});

t.test('a table is in force also when what follows it fails, and so is the one after it', async (t) => {
  const [a, b] = [await answering(t, 'a'), await answering(t, 'b')];
  let broken = false;
  const now = () => {
    if (broken) throw new Error('a bug of ours');
    return performance.now();
  };
  const { headgate, log } = makeHeadgate(routesTo({ '/': a }), null, { now });
  await headgate.start();
  t.teardown(() => headgate.shutdown());
  const gateway = new LocalGateway(headgate, log);
  await gateway.ready();
  broken = true;
  headgate.reload(parseConfig(configText(routesTo({ '/': b })), 'headgate.yaml'));
  broken = false;
  t.match(log.join('\n'), /do not follow the new table/);
  await gateway.applied();
  t.match(await gateway.get(), { body: 'b' });
  headgate.reload(parseConfig(configText(routesTo({ '/': a })), 'headgate.yaml'));
  await gateway.applied();
  t.match(await gateway.get(), { body: 'a' });
});

t.test('a problem of the manifests is logged once, shown by the API, and logged again when it is solved', async (t) => {
  const only = await answering(t, 'only');
  const wrong = { ...rollout({ stable: 'aaa', canary: 'aaa' }), spec: { strategy: {} } };
  const source = new TestSource([...services(), wrong, pod('aaa', only)]);
  const gateway = await startGateway(t, 'source: { files: [.] }\n', source);
  source.publish();
  const told = () => gateway.log.filter((line) => line.includes('"place":"Rollout shop/web"'));
  t.equal(told().length, 1);
  t.match((await gateway.admin('/api/table')).body, /"place": "Rollout shop\/web"/);
  source.apply(rollout({ stable: 'aaa', canary: 'aaa' }));
  t.match(told(), [/cannot be understood/, /problem solved/]);
  await gateway.applied();
  t.equal((await gateway.get()).body, 'only');
});

t.test('every worker listens on the same port and has the table', async (t) => {
  const gateway = await startGateway(t, `workers: 2\n${routesTo({ '/': await answering(t, 'one') })}`);
  for (const worker of ['0', '1']) t.equal(await gateway.metric('headgate_table_generation', { worker }), 1);
  t.strictSame(await gateway.count(10), { one: 10 });
});

t.test('a taken port is an error that names it and says what to do, and nothing is left running', async (t) => {
  const [taken, free] = [await takenPort(t), await deadPort()];
  const listen = `listen: [{ address: 127.0.0.1, port: ${free} }, { address: 127.0.0.1, port: ${taken} }]\n`;
  const { headgate } = makeHeadgate(`${listen}${routesTo({ '/': 1 })}`);
  await t.rejects(headgate.start(), {
    name: 'ListenError',
    code: 'EADDRINUSE',
    message: `listen: 127.0.0.1:${taken} is in use: end the process that has it, or set another listen.port`,
  });
  await listenOn(free);
  await listenOn(headgate.adminPort ?? taken);
});

t.test('the same for the port of the admin server', async (t) => {
  const [taken, free] = [await takenPort(t), await deadPort()];
  const addresses = `listen: { address: 127.0.0.1, port: ${free} }\nadmin: { address: 127.0.0.1, port: ${taken} }\n`;
  const { headgate } = makeHeadgate(`${addresses}${routesTo({ '/': 1 })}`);
  await t.rejects(headgate.start(), {
    name: 'ListenError',
    code: 'EADDRINUSE',
    message: `admin: 127.0.0.1:${taken} is in use: end the process that has it, or set another admin.port`,
  });
  await listenOn(free);
});

t.test('a source that cannot start leaves nothing running', async (t) => {
  const source = new TestSource();
  source.reachable = () => Promise.reject(new Error('no such cluster'));
  const free = await deadPort();
  const { headgate } = makeHeadgate(`source: { files: [.] }\nlisten: { address: 127.0.0.1, port: ${free} }\n`, source);
  await t.rejects(headgate.start(), { message: 'no such cluster' });
  await listenOn(free);
  await listenOn(headgate.adminPort ?? 0);
});
