import t, { type Test } from 'tap';
import type { UpstreamTls } from '../../src/routing/table.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { TestPlane, withTls } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type StaticVersion, staticTable } from '../lib/static-table.ts';
import { type SettingsChange, testSettings } from '../lib/test-settings.ts';
import { deadPort, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

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

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A plane whose log is at hand, and whose clock the test moves. */
async function logged(
  t: Test,
  versions: Readonly<Record<string, StaticVersion>>,
  { upstreamTls, ...settings }: SettingsChange & { upstreamTls?: UpstreamTls } = {},
) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  const clock = { at: 1_000 };
  const under = new TestPlane(testSettings(settings), { now: () => clock.at }, logger);
  t.teardown(() => under.plane.destroy());
  const { table, endpoints } = staticTable(versions);
  under.apply(upstreamTls === undefined ? table : withTls(table, upstreamTls), endpoints);
  await under.listen('127.0.0.1');
  const ask = async () => {
    const client = await rawClient(t, under.port);
    client.send(GET);
    const { status } = await client.readResponse();
    client.socket.destroy();
    return status;
  };
  const pass = (ms: number) => {
    clock.at += ms;
    under.plane.sweep();
  };
  return { lines, ask, pass };
}

t.test('a response that is no HTTP, or too large, says so', async (t) => {
  for (const [answer, code] of [
    ['SSH-2.0-OpenSSH_9.6\r\n', 'bad_status_line'],
    [`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 'head_too_large'],
    ['HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', 'unexpected_101'],
    ['HTTP/1.1 102 Processing\r\n\r\n'.repeat(101), 'too_many_interim_responses'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'bad_chunk_size'],
  ] as const) {
    const upstream = await rawUpstream(t, async (peer) => {
      await peer.readThrough('\r\n\r\n');
      peer.send(answer);
    });
    const { lines, ask } = await logged(t, { only: { ports: [upstream.port] } });
    await ask().catch(() => undefined);
    t.match(lines, [{ msg: 'upstream failed', reason: 'bad_response', code }]);
  }
});

t.test('an upstream that does not speak TLS is told by the code of OpenSSL', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.read(1);
    peer.send('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const upstreamTls = { ca: null, serverName: null, verify: false };
  const { lines, ask } = await logged(t, { only: { ports: [upstream.port] } }, { upstreamTls });
  t.equal(await ask(), 502);
  t.match(lines[0], { reason: 'tls_error', code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
});

t.test('a version of which every endpoint fails has a line, and one when it answers again', async (t) => {
  let well = false;
  const failing = () =>
    rawUpstream(t, async (peer) => {
      await peer.readThrough('\r\n\r\n');
      if (well) peer.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else peer.reset();
    });
  const other = await strictUpstream(t);
  const [one, two] = [await failing(), await failing()];
  const { lines, ask, pass } = await logged(t, {
    canary: { ports: [one.port, two.port], fallback: ['stable'] },
    stable: { ports: [other.port] },
  });
  for (let i = 0; i < 40; i += 1) {
    t.equal(await ask(), 200);
    pass(250);
  }
  const turns = () => lines.filter(({ msg }) => /version/.test(String(msg)) && !/endpoint failed/.test(String(msg)));
  const where = { route: 'test', version: 'canary', role: 'static' };
  t.match(turns(), [{ level: 'warn', ...where, fallback: ['stable'], msg: /its fallback answers/ }]);
  pass(33_001);
  t.equal(turns().length, 1, 'to be tried again is not to answer');
  well = true;
  for (let i = 0; i < 4; i += 1) await ask();
  pass(250);
  t.match(turns()[1], { level: 'info', ...where, msg: /answers again/ });
  t.equal(turns().length, 2);
});

t.test('a version without a fallback is said to be tried all the same', async (t) => {
  const { lines, ask, pass } = await logged(t, { only: { ports: [await deadPort()] } });
  for (let i = 0; i < 6; i += 1) t.equal(await ask(), 502);
  pass(250);
  t.match(lines.at(-1), { level: 'warn', route: 'test', version: 'only', fallback: [], msg: /tried all the same/ });
});
