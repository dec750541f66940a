import t from 'tap';
import { createLogger } from '../../src/telemetry/logger.ts';
import { TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { deadPort, rawUpstream } from '../lib/upstreams.ts';

t.test('failures of one kind are logged once a second, with the number of those suppressed meanwhile', async (t) => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
  let now = 1_000;
  const under = new TestPlane(testSettings({}), { now: () => now }, logger);
  t.teardown(() => under.plane.destroy());
  const { table, endpoints } = staticTable({ only: { ports: [await deadPort()] } });
  under.apply(table, endpoints);
  await under.listen('127.0.0.1');
  const client = await rawClient(t, under.port);
  const fail = async () => {
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    t.equal((await client.readFinal()).status, 502);
  };
  await fail();
  await fail();
  await fail();
  now += 1_000;
  await fail();
  const logged = lines.map((line): unknown => JSON.parse(line));
  t.match(logged, [
    { msg: 'upstream failed', reason: 'connect_refused', suppressed: 0 },
    { msg: 'upstream failed', reason: 'connect_refused', suppressed: 2 },
  ]);
  t.equal(logged.length, 2);
});

t.test('a request that finds the queue full is logged with its version', async (t) => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
  const upstream = await rawUpstream(t, () => {});
  const under = new TestPlane(testSettings({ limits: { requestsPerEndpoint: 1, pending: 0 } }), undefined, logger);
  t.teardown(() => under.plane.destroy());
  const { table, endpoints } = staticTable({ only: { ports: [upstream.port] } });
  under.apply(table, endpoints);
  await under.listen('127.0.0.1');
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const first = await rawClient(t, under.port);
  first.send(get);
  await under.until(() => under.inFlight() === 1, 'the request');
  const second = await rawClient(t, under.port);
  second.send(get);
  t.equal((await second.readFinal()).body.toString(), 'queue_full\n');
  const logged = lines.map((line): unknown => JSON.parse(line));
  t.match(logged, [
    { level: 'warn', msg: /^a request was rejected/, reason: 'queue_full', version: 'only', suppressed: 0 },
  ]);
});
