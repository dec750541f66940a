import t, { type Test } from 'tap';
import type { EndpointPool } from '../../src/upstream/endpoint-pool.ts';
import { planeTo, type TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import type { SettingsChange } from '../lib/test-settings.ts';
import { rawUpstream } from '../lib/upstreams.ts';

const ASK = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
/** More than the kernel takes on both hops while nobody reads. */
const LARGE = 32 << 20;
const HOUR_MS = 3_600_000;

interface Scene {
  readonly plane: TestPlane;
  readonly client: RawPeer;
  readonly server: RawPeer;
  readonly endpoint: EndpointPool | undefined;
}

/** A tunnel that stands, between a client and an application of raw bytes. */
async function tunnel(t: Test, settings: SettingsChange = {}): Promise<Scene> {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(SWITCH);
  });
  const plane = await planeTo(t, [upstream.port], settings);
  const client = await rawClient(t, plane.port);
  client.send(ASK);
  t.equal((await client.readResponse()).status, 101);
  const [server] = upstream.peers;
  if (server === undefined) throw new Error('no connection');
  return { plane, client, server, endpoint: endpointOf(plane) };
}

function endpointOf({ plane }: TestPlane): EndpointPool | undefined {
  return plane.upstreams.of('static/test/only').endpoints[0];
}

/** The tunnel is over, and nothing of it is left. */
async function over(t: Test, { plane, client, server, endpoint }: Scene): Promise<void> {
  await plane.until(() => plane.connections() === 0, 'the end of the tunnel');
  client.socket.resume();
  server.socket.resume();
  await client.gone();
  await server.gone();
  t.equal(plane.inFlight(), 0);
  t.same(plane.statuses('only'), { 101: 1 }, 'it is counted once');
  t.same(plane.failures('only'), {}, 'a 101 has answered it');
  t.equal(endpoint?.active, 0);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

/** Waits until this side's kernel takes no more, and the proxy reads no more of it. Returns the bytes the proxy has read. */
async function stuck(plane: TestPlane, sender: RawPeer, bytesRead: () => number): Promise<number> {
  for (let before = -1; ; before = bytesRead()) {
    await turns(100);
    if (before > 0 && before === bytesRead() && sender.socket.writableLength > 0) return before;
    if (plane.connections() !== 1) throw new Error('the tunnel is gone');
  }
}

/** Lets this side read again, and counts what it still gets up to the FIN. */
async function countToEnd(peer: RawPeer): Promise<number> {
  let count = peer.unread.length;
  peer.socket.removeAllListeners('data');
  peer.socket.on('data', (chunk: Buffer) => {
    count += chunk.length;
  });
  peer.socket.resume();
  t.equal(await peer.ending(), 'end');
  return count;
}

t.test('bytes go both ways, whatever they are, and nothing is read as HTTP', async (t) => {
  const scene = await tunnel(t);
  const { client, server } = scene;
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  client.send(bytes);
  t.ok((await server.read(256)).equals(bytes));
  server.send(bytes);
  t.ok((await client.read(256)).equals(bytes));
  client.send('GET / HTTP/1.1\r\n\r\n');
  t.equal(await server.readThrough('\r\n\r\n'), 'GET / HTTP/1.1\r\n\r\n');
  server.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  t.equal(await client.readThrough('\r\n\r\n'), 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  client.socket.end();
  server.socket.end();
  await over(t, scene);
});

t.test("the client's FIN is passed on, and the application may still speak", async (t) => {
  const scene = await tunnel(t);
  const { client, server } = scene;
  client.send('last');
  client.socket.end();
  t.equal(await server.ending(), 'end');
  t.equal(server.text(), 'last');
  await turns(20);
  server.send('answer');
  t.equal((await client.read(6)).toString(), 'answer');
  t.notOk(client.ended);
  server.socket.end();
  t.equal(await client.ending(), 'end');
  await over(t, scene);
});

t.test("the application's FIN is passed on, and the client may still speak", async (t) => {
  const scene = await tunnel(t);
  const { client, server } = scene;
  server.send('last');
  server.socket.end();
  t.equal(await client.ending(), 'end');
  t.equal(client.text(), 'last');
  await turns(20);
  client.send('answer');
  t.equal((await server.read(6)).toString(), 'answer');
  t.notOk(server.ended);
  client.socket.end();
  t.equal(await server.ending(), 'end');
  await over(t, scene);
});

t.test('a client that had ended before the 101 has ended for the application too', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => void (await peer.readRequest()));
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(`${ASK}early`);
  client.socket.end();
  await plane.until(() => upstream.peers.length === 1, 'the connection');
  await turns(20);
  const [server] = upstream.peers;
  if (server === undefined) throw new Error('no connection');
  t.notOk(server.ended);
  server.send(`${SWITCH}late`);
  t.equal(await server.ending(), 'end');
  t.equal(server.text(), 'early');
  t.equal((await client.readResponse()).status, 101);
  t.equal((await client.read(4)).toString(), 'late');
  server.socket.end();
  await over(t, { plane, client, server, endpoint: endpointOf(plane) });
});

t.test('a FIN right behind the 101 ends the tunnel cleanly', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(`${SWITCH}bye`);
    peer.socket.end();
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(ASK);
  t.equal((await client.readResponse()).status, 101);
  t.equal(await client.ending(), 'end');
  t.equal(client.text(), 'bye');
  client.socket.end();
  await plane.until(() => plane.connections() === 0, 'the end of the tunnel');
  t.same(plane.statuses('only'), { 101: 1 });
});

t.test("the client's reset is passed on as a reset", async (t) => {
  const scene = await tunnel(t);
  scene.client.reset();
  t.equal(await scene.server.ending(), 'reset');
  t.equal(scene.server.error, 'ECONNRESET');
  await over(t, scene);
});

t.test("the application's reset is passed on as a reset", async (t) => {
  const scene = await tunnel(t);
  scene.server.reset();
  t.equal(await scene.client.ending(), 'reset');
  t.equal(scene.client.error, 'ECONNRESET');
  await over(t, scene);
});

t.test("the application's reset after its FIN ends the tunnel, and the client has all that was said", async (t) => {
  const scene = await tunnel(t);
  const { plane, client, server } = scene;
  server.send('last');
  server.socket.end();
  t.equal(await client.ending(), 'end');
  server.reset();
  await turns(20);
  client.send('to nobody');
  await plane.until(() => plane.inFlight() === 0, 'the end of the exchange');
  t.equal(client.text(), 'last');
  client.socket.end();
  await over(t, scene);
});

t.test("the client's reset after its FIN ends the tunnel, and the application has all that was said", async (t) => {
  const scene = await tunnel(t);
  const { client, server } = scene;
  server.socket.pause();
  client.send(Buffer.alloc(LARGE, 'x'));
  client.socket.end();
  await stuck(scene.plane, client, () => [...scene.plane.plane.connections][0]?.socket.bytesRead ?? 0);
  t.equal(await countToEnd(server), LARGE);
  client.reset();
  server.send('to nobody');
  await scene.plane.until(() => scene.plane.inFlight() === 0, 'the end of the exchange');
  server.socket.end();
  await over(t, scene);
});

t.test('a client that is not read on while the application does not read loses nothing', async (t) => {
  const scene = await tunnel(t);
  const { plane, client, server } = scene;
  server.socket.pause();
  client.send(Buffer.alloc(LARGE, 'x'));
  const [connection] = plane.plane.connections;
  await stuck(plane, client, () => connection?.socket.bytesRead ?? 0);
  server.send('the other way');
  t.equal((await client.read(13)).toString(), 'the other way', 'one direction does not hold up the other');
  const read = connection?.socket.bytesRead ?? 0;
  t.ok(read < LARGE, `${read} bytes were read`);
  client.socket.end();
  t.equal(await countToEnd(server), LARGE);
  server.socket.end();
  await over(t, scene);
});

t.test('an application that is not read on while the client does not read loses nothing', async (t) => {
  const scene = await tunnel(t);
  const { plane, client, server } = scene;
  client.socket.pause();
  server.send(Buffer.alloc(LARGE, 'x'));
  const [connection] = plane.plane.connections;
  await stuck(plane, server, () => connection?.socket.bytesWritten ?? 0);
  t.ok((connection?.socket.writableLength ?? 0) <= 1 << 18, 'one read waits in memory');
  client.send('the other way');
  t.equal((await server.read(13)).toString(), 'the other way', 'one direction does not hold up the other');
  server.socket.end();
  t.equal(await countToEnd(client), LARGE);
  client.socket.end();
  await over(t, scene);
});

t.test('a tunnel in which nothing moves for timeouts.tunnel is cut on both sides', async (t) => {
  const scene = await tunnel(t);
  const { plane, client, server } = scene;
  plane.pass(HOUR_MS - 1_000);
  client.send('a');
  await server.read(1);
  plane.pass(HOUR_MS - 1_000);
  server.send('b');
  await client.read(1);
  plane.pass(HOUR_MS - 1_000);
  t.equal(plane.inFlight(), 1, 'a byte in either direction is a sign of life');
  plane.pass(2_000);
  t.equal(await client.ending(), 'reset');
  t.equal(await server.ending(), 'reset');
  await over(t, scene);
});

t.test('a tunnel whose application does not read is cut like one in which nobody speaks', async (t) => {
  const scene = await tunnel(t);
  const { plane, client, server } = scene;
  server.socket.pause();
  client.send(Buffer.alloc(LARGE));
  const [connection] = plane.plane.connections;
  await stuck(plane, client, () => connection?.socket.bytesRead ?? 0);
  plane.pass(HOUR_MS + 1_000);
  t.equal(await client.ending(), 'reset');
  await over(t, scene);
  t.ok(server.closed);
});

t.test('timeouts.tunnel: 0 lets a tunnel stand for ever, and other timeouts are not its own', async (t) => {
  const scene = await tunnel(t, { timeouts: { tunnel: 0 } });
  const { plane, client, server } = scene;
  plane.pass(30 * 24 * HOUR_MS);
  client.send('still here');
  t.equal((await server.read(10)).toString(), 'still here');
  client.socket.end();
  server.socket.end();
  await over(t, scene);
});

t.test('a tunnel is in flight for its whole life, and its duration is the time to its 101', async (t) => {
  const upstream = await rawUpstream(t, () => undefined);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(ASK);
  await plane.until(() => upstream.peers.length === 1, 'the upgrade');
  plane.pass(3_000);
  const [server] = upstream.peers;
  if (server === undefined) throw new Error('no connection');
  server.send(SWITCH);
  await client.readResponse();
  const scene = { plane, client, server, endpoint: endpointOf(plane) };
  t.equal(plane.inFlight(), 1);
  t.same(plane.statuses('only'), {});
  plane.pass(20_000);
  client.socket.end();
  server.socket.end();
  await over(t, scene);
  t.equal(plane.seconds('only'), 3);
});

t.test('a drain waits for a tunnel, and what is left of it is reset', async (t) => {
  const patient = await tunnel(t);
  const drained = patient.plane.plane.drain();
  await turns(20);
  patient.client.send('still');
  t.equal((await patient.server.read(5)).toString(), 'still');
  patient.client.socket.end();
  patient.server.socket.end();
  await drained;
  await over(t, patient);

  const cut = await tunnel(t);
  void cut.plane.plane.drain();
  await turns(20);
  t.equal(cut.plane.connections(), 1);
  cut.plane.plane.destroy();
  t.equal(await cut.client.ending(), 'reset');
  t.equal(await cut.server.ending(), 'reset');
  await over(t, cut);
});

t.test('an endpoint that goes away and a table without its version leave a tunnel alone', async (t) => {
  const scene = await tunnel(t);
  const { plane, client, server } = scene;
  plane.plane.applyEndpoints({ 'static/test/only': [] });
  const { table, endpoints } = staticTable({ other: {} });
  plane.apply(table, endpoints);
  client.send('still');
  t.equal((await server.read(5)).toString(), 'still');
  client.socket.end();
  server.socket.end();
  await plane.until(() => plane.connections() === 0, 'the end of the tunnel');
});
