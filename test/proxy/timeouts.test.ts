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
