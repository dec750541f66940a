import t, { type Test } from 'tap';
import { planeTo, type TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import type { SettingsChange } from '../lib/test-settings.ts';
import { cannedUpstream, type RawUpstream, rawUpstream, type Script, strictUpstream } from '../lib/upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

interface Scene {
  readonly plane: TestPlane;
  readonly client: RawPeer;
  readonly upstream: RawUpstream;
}

async function scene(t: Test, script: Script, settings: SettingsChange = {}): Promise<Scene> {
  const upstream = await rawUpstream(t, script);
  const plane = await planeTo(t, [upstream.port], settings);
  return { plane, client: await rawClient(t, plane.port), upstream };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

t.test('a request head that does not come to its end: 408', async (t) => {
  const plane = await planeTo(t, []);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\n');
  await turns(5);
  plane.pass(9_000);
  client.send('Host: a\r\n');
  await turns(5);
  plane.pass(900);
  t.equal(client.unread.length, 0);
  plane.pass(200);
  const answer = await client.readResponse();
  t.equal(answer.status, 408);
  t.equal(answer.body.toString(), 'request_timeout\n');
  t.equal(await client.ending(), 'end');
  t.same(plane.statuses(null), { 408: 1 });
});

t.test('a connection that never sends a byte is closed without an answer', async (t) => {
  const plane = await planeTo(t, []);
  const client = await rawClient(t, plane.port);
  await plane.until(() => plane.connections() === 1, 'the connection');
  plane.pass(9_900);
  t.equal(plane.connections(), 1);
  plane.pass(200);
  t.equal(await client.ending(), 'end');
  t.equal(client.unread.length, 0);
  t.same(plane.statuses(null), {});
});

t.test('an idle client connection is closed after its time, and not before', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  plane.pass(74_900);
  t.equal(plane.connections(), 1);
  plane.pass(200);
  t.equal(await client.ending(), 'end');
  t.equal(client.unread.length, 0);
});

t.test('a second request has the whole time for its head', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  plane.pass(70_000);
  client.send('GET /2 HTTP/1.1\r\n');
  await turns(5);
  plane.pass(9_900);
  client.send('Host: a\r\n\r\n');
  t.equal((await client.readResponse()).body.toString(), '/2');
});

t.test('a body that stops coming: 408', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer) => void (await peer.readThrough('half')));
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
  await plane.until(() => upstream.peers[0]?.unread.length === 0, 'the half');
  plane.pass(29_000);
  client.send('more');
  await turns(5);
  plane.pass(29_000);
  t.equal(client.unread.length, 0, 'each byte counts');
  plane.pass(2_000);
  t.equal((await client.readResponse()).status, 408);
  t.same(plane.failures('only'), {}, 'the upstream is not to blame');
  await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'the end of the upstream exchange');
});

t.test('an upstream that does not read the body: 504', async (t) => {
  const { plane, client } = await scene(t, (peer) => void peer.socket.pause());
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 << 20}\r\n\r\n`);
  client.send(Buffer.alloc(64 << 20));
  const [connection] = plane.plane.connections;
  let before = -1;
  while (before !== connection?.socket.bytesRead) {
    before = connection?.socket.bytesRead ?? -1;
    await turns(200);
  }
  plane.pass(30_100);
  const answer = await client.readResponse();
  t.equal(answer.status, 504);
  t.equal(answer.body.toString(), 'idle_timeout\n');
  t.same(plane.failures('only'), { idle_timeout: 1 });
});

t.test('an answer that does not come: 504', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer) => void (await peer.readRequest()));
  client.send(GET);
  await plane.until(() => upstream.peers.length === 1, 'the upstream connection');
  await turns(5);
  plane.pass(59_900);
  t.equal(client.unread.length, 0);
  plane.pass(200);
  const answer = await client.readResponse();
  t.equal(answer.status, 504);
  t.equal(answer.body.toString(), 'response_timeout\n');
  t.same(plane.failures('only'), { response_timeout: 1 });
  await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'the end of the upstream exchange');
  client.send(GET);
  await plane.until(() => upstream.peers.length === 2, 'the client connection goes on');
});

t.test('an answer whose head comes drop by drop is late all the same: 504', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer) => void (await peer.readRequest()));
  client.send(GET);
  await plane.until(() => upstream.peers.length === 1, 'the upstream connection');
  await turns(5);
  for (const drop of 'HTTP/1.1') {
    upstream.peers[0]?.send(drop);
    await turns(5);
    plane.pass(7_400);
  }
  t.equal(client.unread.length, 0);
  plane.pass(1_000);
  t.equal((await client.readResponse()).status, 504);
});

t.test('an answer that stalls is cut', async (t) => {
  const { plane, client } = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
  });
  client.send(GET);
  await client.readThrough('half');
  plane.pass(29_900);
  t.notOk(client.closed);
  plane.pass(200);
  t.equal(await client.ending(), 'reset');
  t.same(plane.failures('only'), { idle_timeout: 1 });
});

t.test('an answer that drips goes on as long as it drips', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  });
  client.send(GET);
  await client.readThrough('\r\n\r\n');
  for (const byte of 'hello') {
    plane.pass(29_000);
    upstream.peers[0]?.send(byte);
    t.equal((await client.read(1)).toString(), byte);
  }
});

t.test('an idle upstream connection is closed after its time', async (t) => {
  const upstream = await cannedUpstream(t, OK);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  plane.pass(3_900);
  await turns(5);
  t.notOk(upstream.peers[0]?.ended);
  plane.pass(200);
  await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'its end');
});

t.test('an upstream that says how long it keeps connections is believed, with a second for the way', async (t) => {
  const upstream = await cannedUpstream(t, 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok');
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  plane.pass(900);
  await turns(5);
  t.notOk(upstream.peers[0]?.ended);
  plane.pass(200);
  await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'its end');
});

t.test('a timeout of 0 is none', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer) => void (await peer.readRequest()), {
    timeouts: { responseHeaders: 0, keepAlive: 0, upstreamIdle: 0 },
  });
  client.send(GET);
  await plane.until(() => upstream.peers.length === 1, 'the upstream connection');
  await turns(5);
  plane.pass(1e9);
  upstream.peers[0]?.send(OK);
  t.equal((await client.readResponse()).status, 200);
  plane.pass(1e9);
  await turns(5);
  t.notOk(client.ended);
  t.notOk(upstream.peers[0]?.ended);
});
