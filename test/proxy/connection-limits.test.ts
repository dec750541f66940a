import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { Admission, countedAddress } from '../../src/proxy/admission.ts';
import { TrustedPeers } from '../../src/proxy/peer.ts';
import { SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import {
  CONNECTION_REFUSALS,
  CONNECTIONS_ACCEPTED,
  CONNECTIONS_OPEN,
  CONNECTIONS_REFUSED_BASE,
} from '../../src/telemetry/layout.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { planeTo, TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { RawPeer } from '../lib/raw-peer.ts';
import { testSettings } from '../lib/test-settings.ts';
import { strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** Connects, and tells how a connection that is refused ends: `ECONNRESET`. */
async function refusal(t: Test, port: number, localAddress = '127.0.0.1'): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  t.teardown(() => socket.destroy());
  const peer = new RawPeer(socket);
  await peer.until(() => peer.closed, 'the end').catch(() => undefined);
  return peer.error;
}

function refused(plane: TestPlane): Record<string, number> {
  const { worker } = plane.plane.counters;
  const counts: Record<string, number> = {};
  for (const [i, reason] of CONNECTION_REFUSALS.entries()) {
    const count = worker[CONNECTIONS_REFUSED_BASE + i] ?? Number.NaN;
    if (count !== 0) counts[reason] = count;
  }
  return counts;
}

t.test('beyond limits.connections a connection is reset, and those there are go on', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { connections: 2 } });
  const first = await rawClient(t, plane.port);
  const second = await rawClient(t, plane.port);
  await plane.until(() => plane.connections() === 2, 'two connections');
  t.equal(await refusal(t, plane.port), 'ECONNRESET');
  for (const client of [first, second]) {
    client.send(GET);
    t.equal((await client.readFinal()).status, 200);
  }
  t.same(refused(plane), { connections: 1 });
  t.equal(plane.plane.counters.worker[CONNECTIONS_ACCEPTED], 2, 'only what is taken counts as accepted');
  t.equal(plane.connections(), 2);
});

t.test('a connection that ends leaves its place to the next', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { connections: 1, connectionsPerAddress: 1 } });
  for (let i = 0; i < 3; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send(GET);
    t.equal((await client.readFinal()).status, 200);
    client.socket.destroy();
    await plane.until(() => plane.connections() === 0, 'the connection to close');
  }
  t.same(refused(plane), {});
});

t.test('one address gets limits.connectionsPerAddress connections, and another one its own', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { connectionsPerAddress: 2 } });
  for (const localAddress of ['127.0.0.1', '127.0.0.2']) {
    for (let i = 0; i < 2; i += 1) {
      const client = await rawClient(t, plane.port, { localAddress });
      client.send(GET);
      t.equal((await client.readFinal()).status, 200);
    }
    t.equal(await refusal(t, plane.port, localAddress), 'ECONNRESET');
  }
  t.same(refused(plane), { connections_per_address: 2 });
});

t.test('a trusted proxy may have any number: its address stands for many clients', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port], {
    limits: { connectionsPerAddress: 1 },
    trusted: ['127.0.0.1/32'],
  });
  for (let i = 0; i < 3; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send(GET);
    t.equal((await client.readFinal()).status, 200);
  }
  t.same(refused(plane), {});
});

t.test('limits.connections counts all workers together, and forgets those of a worker that died', async (t) => {
  const registry = new SeriesRegistry({ workers: 2, now: () => 0 });
  const admissions = [0, 1].map((slot) => {
    const counters = new WorkerCounters(registry.blocksFor(slot));
    return new Admission(testSettings({ limits: { connections: 3 } }), new TrustedPeers([]), counters);
  });
  const [block] = registry.workers();
  if (block === undefined) throw new Error('no block');
  block[CONNECTIONS_OPEN] = 3;
  t.same(
    admissions.map((admission) => admission.enter('10.0.0.1')),
    ['connections', 'connections'],
  );
  registry.workerLost(0);
  t.same(
    admissions.map((admission) => admission.enter('10.0.0.1')),
    [null, null],
  );
});

t.test('an IPv6 client is its /64, however its address is written', async (t) => {
  for (const [address, counted] of [
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['2001:db8:0:0:1::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::', 'fe80:0:0:0'],
    ['unknown', 'unknown'],
  ] as const) {
    t.equal(countedAddress(address), counted, address);
  }
});

t.test('refused connections are logged once a second, with the number of those left out', async (t) => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
  let now = 1_000;
  const settings = testSettings({ limits: { connections: 1 } });
  const under = new TestPlane(settings, { now: () => now }, logger);
  t.teardown(() => under.plane.destroy());
  await under.listen('127.0.0.1');
  await rawClient(t, under.port);
  await under.until(() => under.connections() === 1, 'the connection');
  for (let i = 0; i < 3; i += 1) await refusal(t, under.port);
  now += 1_000;
  await refusal(t, under.port);
  const logged = lines.map((line): unknown => JSON.parse(line));
  const msg = 'a connection was reset: limits.connections is reached';
  t.match(logged, [
    { level: 'warn', msg, reason: 'connections', detail: '127.0.0.1', suppressed: 0 },
    { msg, suppressed: 2 },
  ]);
  t.equal(logged.length, 2);
});
