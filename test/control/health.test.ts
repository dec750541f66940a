import type { Worker } from 'node:worker_threads';
import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { startGateway } from './gateway.ts';

const CHECK = '{ path: /healthz, interval: 100ms, timeout: 100ms, healthy: 1, unhealthy: 1 }';
const CANARY = { 'x-canary': 'true' };

t.test('an endpoint that fails its health checks is left out, by a worker that comes later too', async (t) => {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on('worker', onWorker);
  t.teardown(() => process.removeListener('worker', onWorker));
  let status = 503;
  const stable = await strictUpstream(t, (response) => void response.end('stable'));
  const canary = await strictUpstream(t, (response, { target }) => {
    response.writeHead(target === '/healthz' ? status : 200).end('canary');
  });
  const gateway = await startGateway(
    t,
    `
routes:
  - name: web
    healthCheck: ${CHECK}
    slowStart: 1s
    versions:
      stable: { weight: 1, endpoints: ["127.0.0.1:${stable.port}"] }
      canary: { endpoints: ["127.0.0.1:${canary.port}"] }
    headers: [{ name: x-canary, present: true, to: canary }]
`,
  );
  const ask = async () => (await gateway.get('/', CANARY)).body;
  const version = { version: 'canary' };
  await gateway.until(async () => (await ask()) === 'stable', 'the canary to be left out');
  t.equal(await gateway.metric('headgate_endpoints_unhealthy', version), 1);
  t.equal(await gateway.metric('headgate_endpoints_unhealthy', { version: 'stable' }), 0);
  t.ok(Number(await gateway.metric('headgate_health_checks_total', { ...version, result: 'failure' })) >= 1);
  t.ok(Number(await gateway.metric('headgate_fallback_total', { from: 'canary', reason: 'unhealthy' })) >= 1);
  const { routes } = JSON.parse((await gateway.admin('/api/table')).body);
  t.match(routes[0].versions, [{ name: 'stable' }, { health: { [`127.0.0.1:${canary.port}`]: 'unhealthy' } }]);

  await threads[0]?.terminate();
  await gateway.until(() => threads.length === 2, 'another worker');
  await gateway.ready();
  t.equal(await ask(), 'stable', 'it has been told');

  status = 204;
  await gateway.until(async () => (await ask()) === 'canary', 'the canary to be back');
  t.equal(await gateway.metric('headgate_endpoints_unhealthy', version), 0);
});

t.test('where nobody is healthy, the endpoints are asked all the same', async (t) => {
  const only = await strictUpstream(t, (response, { target }) => {
    response.writeHead(target === '/healthz' ? 500 : 200).end();
  });
  const gateway = await startGateway(
    t,
    `routes: [{ healthCheck: ${CHECK}, versions: { only: { weight: 1, endpoints: ["127.0.0.1:${only.port}"] } } }]\n`,
  );
  await gateway.until(async () => (await gateway.metric('headgate_endpoints_unhealthy')) === 1, 'the verdict');
  t.equal((await gateway.get()).status, 200);
});

t.test('a reload that takes the health check away takes its verdicts with it', async (t) => {
  const stable = await strictUpstream(t, (response) => void response.end('stable'));
  const canary = await strictUpstream(t, (response, { target }) => {
    response.writeHead(target === '/healthz' ? 500 : 200).end('canary');
  });
  const text = (check: string) => `
routes:
  - name: web
    ${check}
    versions:
      stable: { weight: 1, endpoints: ["127.0.0.1:${stable.port}"] }
      canary: { endpoints: ["127.0.0.1:${canary.port}"] }
    headers: [{ name: x-canary, present: true, to: canary }]
`;
  const gateway = await startGateway(t, text(`healthCheck: ${CHECK}`));
  const ask = async () => (await gateway.get('/', CANARY)).body;
  await gateway.until(async () => (await ask()) === 'stable', 'the canary to be left out');
  gateway.headgate.reload(parseConfig(text(''), 'headgate.yaml'));
  await gateway.applied();
  await gateway.until(async () => (await ask()) === 'canary', 'the canary to be back');
  t.equal(await gateway.metric('headgate_endpoints_unhealthy'), null);
});

t.test('an endpoint that is left out stands so in the table, until its worker is replaced', async (t) => {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on('worker', onWorker);
  t.teardown(() => process.removeListener('worker', onWorker));
  const well = await strictUpstream(t);
  const dead = `127.0.0.1:${await deadPort()}`;
  const gateway = await startGateway(
    t,
    `
routes: [{ name: web, versions: { only: { weight: 1, endpoints: ["127.0.0.1:${well.port}", "${dead}"] } } }]
ejection: { failures: 1 }
`,
  );
  const leftOut = async () => JSON.parse((await gateway.admin('/api/table')).body).routes[0].versions[0].leftOut;
  t.equal(await leftOut(), undefined);
  await gateway.until(async () => {
    await gateway.get();
    return (await leftOut()) !== undefined;
  }, 'the table to tell it');
  t.same(await leftOut(), { [dead]: 1 }, 'by one worker');
  await threads[0]?.terminate();
  await gateway.until(() => threads.length === 2, 'another worker');
  await gateway.ready();
  t.equal(await leftOut(), undefined);
});
