import t, { type Test } from 'tap';
import type { ClientConnection } from '../../src/proxy/client-connection.ts';
import { planeTo, type TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { cannedUpstream, rawUpstream } from '../lib/upstreams.ts';

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

t.test('a client that pipelines and never reads is not read on: its answers do not pile up', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`;
  const upstream = await cannedUpstream(t, answer);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.socket.pause();
  client.send(get('/').repeat(300));
  let before = -1;
  while (upstream.requests.length !== before) {
    before = upstream.requests.length;
    for (let i = 0; i < 100; i += 1) await turn();
  }
  const [connection] = plane.plane.connections;
  t.ok(before < 200, `${before} requests fill the kernel's buffers, and no more are begun`);
  t.ok((connection?.socket.writableLength ?? Number.NaN) < 200_000, 'at most one answer waits in memory');
  client.socket.resume();
  for (let i = 0; i < 300; i += 1) await client.readResponse();
  t.equal(upstream.requests.length, 300, 'the others are begun when there is room');
});

t.test('a client that pipelines requests for nowhere and never reads is not read on either', async (t) => {
  const plane = await planeTo(t, []);
  const client = await rawClient(t, plane.port);
  client.socket.pause();
  const requests = Buffer.from(get('/').repeat(1_000));
  for (let i = 0; i < 400; i += 1) {
    client.send(requests);
    await turn();
  }
  const [connection] = plane.plane.connections;
  t.ok((connection?.socket.writableLength ?? Number.NaN) < 100_000, 'answers do not pile up');
  t.ok(client.socket.writableLength > 0, 'and requests are not read');
});

t.test('a slow reader gets the end of its last answer, although the exchange was over long before', async (t) => {
  const { plane, client, size } = await unreadTail(t);
  plane.pass(20_000);
  client.socket.resume();
  t.equal((await client.read(size)).length, size);
  t.equal(await client.ending(), 'end');
});

t.test('a slow reader that has half-closed gets the end of its last answer', async (t) => {
  const { plane, client, size } = await unreadTail(t);
  client.socket.end();
  for (let i = 0; i < 20; i += 1) await turn();
  plane.pass(20_000);
  client.socket.resume();
  t.equal((await client.read(size)).length, size);
  t.equal(await client.ending(), 'end');
});

t.test('a client that never reads the end of its last answer is cut, not ended cleanly', async (t) => {
  const { plane, client } = await unreadTail(t);
  plane.pass(30_100);
  await plane.until(() => plane.connections() === 0, 'the connection to close');
  client.socket.resume();
  t.equal(await client.ending(), 'reset', 'half an answer must not look like a whole one');
});

t.test('a client that never reads an answer is cut, on a connection that would have gone on', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`;
  const upstream = await cannedUpstream(t, answer);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.socket.pause();
  client.send(get('/').repeat(300));
  await stalled(plane);
  t.equal(plane.inFlight(), 0, 'the exchange is over');
  plane.pass(30_100);
  await plane.until(() => plane.connections() === 0, 'the connection to close');
});

t.test('an upstream is not read on while its client does not read', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${64 << 20}\r\n\r\n`);
    peer.send(Buffer.alloc(64 << 20));
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.socket.pause();
  client.send(get('/'));
  const connection = await stalled(plane);
  t.ok(connection.socket.writableLength <= 1 << 18, 'one read waits in memory');
  t.ok((upstream.peers[0]?.socket.writableLength ?? 0) > 0, 'the upstream keeps the rest');
});

t.test('a client is not read on while its upstream does not read', async (t) => {
  const upstream = await rawUpstream(t, (peer) => void peer.socket.pause());
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 << 20}\r\n\r\n`);
  client.send(Buffer.alloc(64 << 20));
  const [connection] = plane.plane.connections;
  let before = -1;
  while (before !== connection?.socket.bytesRead) {
    before = connection?.socket.bytesRead ?? -1;
    for (let i = 0; i < 200; i += 1) await turn();
  }
  t.ok(before < 32 << 20, `${before} bytes fill the kernel's buffers`);
  t.ok(client.socket.writableLength > 0, 'the client keeps the rest');
});

interface UnreadTail {
  readonly plane: TestPlane;
  readonly client: RawPeer;
  /** Bytes of the answer. */
  readonly size: number;
}

/** A scene: an exchange that is over while the last bytes of its answer still wait for an HTTP/1.0 client that does not read. */
async function unreadTail(t: Test): Promise<UnreadTail> {
  let body = 64 << 20;
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body}\r\n\r\n`);
    peer.send(Buffer.alloc(body));
  });
  const plane = await planeTo(t, [upstream.port], { limits: { idleUpstreamConnections: 0 } });
  const ask = async (): Promise<{ client: RawPeer; connection: ClientConnection }> => {
    const client = await rawClient(t, plane.port);
    client.socket.pause();
    client.send('GET / HTTP/1.0\r\n\r\n');
    return { client, connection: await stalled(plane) };
  };
  // What the kernel takes of an answer that nobody reads depends on the machine: the length that is a little more is searched.
  for (let step = 0; ; step = step === 0 ? 16_000 : Math.max(100, step * 0.8)) {
    const { client, connection } = await ask();
    const { bytesWritten, writableLength } = connection.socket;
    if (plane.inFlight() === 0 && writableLength > 0) return { plane, client, size: bytesWritten };
    if (step === 0) body = bytesWritten - writableLength + 10_000;
    else body = Math.round(body + (plane.inFlight() === 0 ? step : -step));
    if (step === 100) throw new Error('no length leaves an end in memory');
    client.reset();
    await plane.until(() => plane.connections() === 0, 'the connection to close');
  }
}

/** Waits until the only connection has begun to write and makes no more progress. */
async function stalled(plane: TestPlane): Promise<ClientConnection> {
  for (let before = 0; ; ) {
    for (let i = 0; i < 100; i += 1) await turn();
    const [connection] = plane.plane.connections;
    const written = connection?.socket.bytesWritten ?? 0;
    if (connection !== undefined && written > 0 && written === before) return connection;
    before = written;
  }
}
