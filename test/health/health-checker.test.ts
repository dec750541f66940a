import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { HealthChecker, type Unhealthy } from '../../src/health/health-checker.ts';
import { httpCheck } from '../../src/health/http-check.ts';
import type { EndpointMap, HealthCheck, RoutingTable } from '../../src/routing/table.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { turn } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import { type StrictUpstream, strictUpstream } from '../lib/upstreams.ts';

const CHECK: HealthCheck = {
  path: '/healthz',
  interval: 5,
  timeout: 2_000,
  healthy: 1,
  unhealthy: 1,
  statuses: [200, 399],
  host: null,
};
const KEY = 'static/test/only';

/** An endpoint that answers `status`. */
async function endpoint(t: Test) {
  const control = { status: 200, port: 0, asked: () => 0 };
  const upstream = await strictUpstream(t, (response) => void response.writeHead(control.status).end());
  control.port = upstream.port;
  control.asked = () => upstream.seen.length;
  return control;
}

function scene(t: Test, mostAtOnce = 64) {
  const told: Unhealthy[] = [];
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const checker = new HealthChecker({ onChange: (changes) => void told.push(changes), logger, mostAtOnce });
  t.teardown(() => checker.stop());
  return { checker, told, lines };
}

function tableOf(ports: readonly number[], healthCheck: HealthCheck | null = CHECK) {
  const { table, endpoints } = staticTable({ only: { ports } });
  const routes = table.routes.map((route) => ({ ...route, ...(healthCheck !== null && { healthCheck }) }));
  const checked: RoutingTable = { routes };
  return { table: checked, endpoints: (): EndpointMap => endpoints };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await turn();
  }
}

t.test('an endpoint that fails its checks is told, and told again when it is well', async (t) => {
  const [a, b] = [await endpoint(t), await endpoint(t)];
  const { checker, told, lines } = scene(t);
  const { table, endpoints } = tableOf([a.port, b.port]);
  checker.update(table, endpoints);
  const [nameA, nameB] = [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`];
  t.same(checker.healthOf(KEY), { [nameA]: 'unchecked', [nameB]: 'unchecked' });
  await until(() => !Object.values(checker.healthOf(KEY) ?? {}).includes('unchecked'));
  t.same(checker.healthOf(KEY), { [nameA]: 'healthy', [nameB]: 'healthy' });
  t.same(told, [], 'who is well is no news');
  a.status = 503;
  await until(() => told.length === 1);
  t.same(checker.healthOf(KEY), { [nameA]: 'unhealthy', [nameB]: 'healthy' });
  const [sample] = checker.samples(table);
  t.match(sample, { labels: { route: 'test', role: 'static', version: 'only' }, unhealthy: 1 });
  t.ok((sample?.success ?? 0) >= 2 && (sample?.failure ?? 0) >= 1);
  a.status = 200;
  await until(() => told.length === 2);
  t.same(told, [{ [KEY]: [nameA] }, { [KEY]: [] }]);
  t.match(lines[0], /"level":"warn".*"reason":"status 503".*an endpoint is unhealthy/);
  t.match(JSON.parse(lines[0] ?? ''), { upstream: nameA, route: 'test', version: 'only', role: 'static' });
  t.match(lines[1], /"level":"info".*healthy again/);
  t.equal(lines.length, 2);
});

t.test('when the code of checks cannot be read nobody counts as unhealthy, and it is read again later', async (t) => {
  // It is loaded with the first check, perhaps when no descriptor is left: the process ended with an unhandled rejection.
  const a = await endpoint(t);
  const told: Unhealthy[] = [];
  let tries = 0;
  const load = async () => {
    tries += 1;
    if (tries < 3) throw Object.assign(new Error('too many open files'), { code: 'ERR_INVALID_PACKAGE_CONFIG' });
    return { httpCheck };
  };
  const logger = createLogger({ level: 'silent' });
  const checker = new HealthChecker({ onChange: (changes) => void told.push(changes), logger, load });
  t.teardown(() => checker.stop());
  const { table, endpoints } = tableOf([a.port]);
  checker.update(table, endpoints);
  await until(() => !Object.values(checker.healthOf(KEY) ?? {}).includes('unchecked'));
  t.same(Object.values(checker.healthOf(KEY) ?? {}), ['healthy']);
  t.same(told, []);
  t.ok(tries >= 3);
  t.match(checker.samples(table), [{ failure: 0 }]);
});

t.test('an endpoint that goes is forgotten, and begins anew when it comes back', async (t) => {
  const a = await endpoint(t);
  const { checker, told } = scene(t);
  const { table, endpoints } = tableOf([a.port]);
  a.status = 500;
  checker.update(table, endpoints);
  await until(() => told.length === 1);
  checker.update(table, () => ({}));
  t.same(told[1], { [KEY]: [] });
  t.same(checker.healthOf(KEY), {});
  checker.update(table, endpoints);
  t.same(Object.values(checker.healthOf(KEY) ?? {}), ['unchecked']);
});

t.test('a route that is not checked any more takes with it what was found', async (t) => {
  const a = await endpoint(t);
  const { checker, told } = scene(t);
  const { table, endpoints } = tableOf([a.port]);
  a.status = 500;
  checker.update(table, endpoints);
  await until(() => told.length === 1);
  const unchecked = tableOf([a.port], null);
  checker.update(unchecked.table, () => {
    throw new Error('asked for endpoints that nobody needs');
  });
  t.same(told[1], { [KEY]: [] });
  t.equal(checker.healthOf(KEY), null);
  t.same(checker.samples(unchecked.table), []);
});

t.test('a check that is written otherwise keeps what was found before', async (t) => {
  const a = await endpoint(t);
  const { checker, told } = scene(t);
  const first = tableOf([a.port]);
  a.status = 500;
  checker.update(first.table, first.endpoints);
  await until(() => told.length === 1);
  const second = tableOf([a.port], { ...CHECK, statuses: [500, 500] });
  checker.update(second.table, second.endpoints);
  t.same(Object.values(checker.healthOf(KEY) ?? {}), ['unhealthy']);
  await until(() => told.length === 2);
  t.same(told[1], { [KEY]: [] });
});

t.test('a check that is written otherwise is not put off until the old one would have been due', async (t) => {
  const a = await endpoint(t);
  const { checker } = scene(t);
  const hourly = tableOf([a.port], { ...CHECK, interval: 3_600_000 });
  checker.update(hourly.table, hourly.endpoints);
  await until(() => Object.values(checker.healthOf(KEY) ?? {}).includes('healthy'));
  const asked = a.asked();
  const often = tableOf([a.port]);
  checker.update(often.table, often.endpoints);
  await until(() => a.asked() >= asked + 2);
  t.same(Object.values(checker.healthOf(KEY) ?? {}), ['healthy']);
});

t.test('a table that says the same of a check puts no check off', async (t) => {
  const a = await endpoint(t);
  const { checker } = scene(t);
  const first = tableOf([a.port]);
  checker.update(first.table, first.endpoints);
  await until(() => {
    const again = tableOf([a.port], { ...CHECK });
    checker.update(again.table, again.endpoints);
    return a.asked() >= 3;
  });
  t.same(Object.values(checker.healthOf(KEY) ?? {}), ['healthy']);
});

t.test('checks wait for their turn where many are due, and none is left out', async (t) => {
  const held: ServerResponse[] = [];
  const upstreams: StrictUpstream[] = [];
  for (let i = 0; i < 5; i += 1) upstreams.push(await strictUpstream(t, (response) => void held.push(response)));
  const { checker } = scene(t, 2);
  const { table, endpoints } = tableOf(upstreams.map(({ port }) => port));
  checker.update(table, endpoints);
  let most = 0;
  const asked = () => upstreams.filter(({ seen }) => seen.length > 0).length;
  while (asked() < 5) {
    await until(() => held.length === 2 || (asked() === 5 && held.length > 0));
    most = Math.max(most, held.length);
    held.shift()?.end();
  }
  t.equal(most, 2);
  for (const response of held) response.end();
});

t.test('after it has been stopped nobody is asked, and what was under way is over', async (t) => {
  const held: ServerResponse[] = [];
  const upstream = await strictUpstream(t, (response) => void held.push(response));
  const { checker, told } = scene(t);
  const { table, endpoints } = tableOf([upstream.port]);
  checker.update(table, endpoints);
  await until(() => held.length === 1);
  await checker.stop();
  t.equal(upstream.seen.length, 1);
  t.same(told, [], "and that is nobody's failure");
});

t.test('Pods that come while the last requests are served are not judged by checks that have stopped', async (t) => {
  const a = await endpoint(t);
  const { checker, told } = scene(t);
  await checker.stop();
  const { table, endpoints } = tableOf([a.port]);
  checker.update(table, endpoints);
  t.equal(checker.healthOf(KEY), null, 'nobody looks after it');
  t.same(told, []);
});
