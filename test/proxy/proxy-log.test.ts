import t from 'tap';
import { createLogger } from '../../src/telemetry/logger.ts';
import { TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { deadPort } from '../lib/upstreams.ts';

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
