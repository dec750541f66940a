import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import t, { type Test } from 'tap';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { listenerTls, pem } from '../lib/certificates.ts';
import { planeTo, type TestPlane, type TestPlaneOptions } from '../lib/plane.ts';
import { strictUpstream } from '../lib/upstreams.ts';

/** How a side of a WebSocket ended: 1000 after a handshake of its own, 1006 without one. */
type Code = number;

interface Scene {
  readonly plane: TestPlane;
  readonly url: string;
  /** The application's side of each WebSocket, in order. */
  readonly accepted: WebSocket[];
  readonly codes: Code[];
}

/** An application that sends back every message as it came, behind a plane. */
async function echo(t: Test, settings: Pick<TestPlaneOptions, 'tls' | 'upstreamTls'> = {}): Promise<Scene> {
  const accepted: WebSocket[] = [];
  const codes: Code[] = [];
  const http =
    settings.upstreamTls === undefined
      ? createServer()
      : createSecureServer({ cert: pem('server.crt'), key: pem('server.key') });
  const server = new WebSocketServer({ server: http, perMessageDeflate: true });
  server.on('connection', (socket) => {
    accepted.push(socket);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code) => codes.push(code));
    socket.on('error', () => {});
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.teardown(() => {
    for (const socket of accepted) socket.terminate();
    http.close();
  });
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const plane = await planeTo(t, [address.port], settings);
  const url = `${settings.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${plane.port}/chat`;
  return { plane, url, accepted, codes };
}

/** A WebSocket that stands. It ends with the test. */
async function open(t: Test, { url }: Scene, perMessageDeflate = false): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate, rejectUnauthorized: false });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function said(socket: WebSocket, message: Buffer | string): Promise<Buffer> {
  const answer = once(socket, 'message');
  socket.send(message);
  return bytesOf((await answer)[0]);
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** Bytes that repeat nowhere, so that one that is lost, doubled or swapped is seen. */
function noise(size: number, seed: string): Buffer {
  // SHAKE gives no digest of no bytes.
  return createHash('shake256', { outputLength: Math.max(1, size) })
    .update(seed)
    .digest()
    .subarray(0, size);
}

async function ended({ plane }: Scene, tunnels: number, t: Test): Promise<void> {
  await plane.until(() => plane.connections() === 0, 'the end of the connections');
  t.equal(plane.inFlight(), 0);
  t.same(plane.statuses('only'), { 101: tunnels });
}

t.test('messages come back as they were sent: text, nothing, and every size at which a frame changes', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene);
  t.equal((await said(socket, 'grüße')).toString(), 'grüße');
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1 << 20]) {
    const message = noise(size, 'm');
    t.ok((await said(socket, message)).equals(message), `${size} bytes`);
  }
  socket.close(1000);
  t.same(await once(socket, 'close').then(([code]) => code), 1000);
  await ended(scene, 1, t);
  await scene.plane.until(() => scene.codes.length === 1, 'the close');
  t.same(scene.codes, [1000]);
});

t.test('compressed messages come back as they were sent', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene, true);
  t.equal(socket.extensions, 'permessage-deflate');
  const message = Buffer.concat([Buffer.alloc(70_000, 'x'), noise(70_000, 'd')]);
  t.ok((await said(socket, message)).equals(message));
});

t.test('a message in fragments comes back whole, with pings among them', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene);
  const pongs: string[] = [];
  socket.on('pong', (data) => pongs.push(data.toString()));
  const answer = once(socket, 'message');
  const parts = Array.from({ length: 20 }, (_, i) => noise(5_000 + i, `f${i}`));
  for (const [i, part] of parts.entries()) {
    socket.send(part, { fin: i === parts.length - 1, binary: true });
    socket.ping(`p${i}`);
  }
  t.ok(bytesOf((await answer)[0]).equals(Buffer.concat(parts)));
  await scene.plane.until(() => pongs.length === parts.length, 'the pongs');
  t.same(
    pongs,
    parts.map((_, i) => `p${i}`),
  );
});

t.test('a ping of the application is answered', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene);
  const [server] = scene.accepted;
  server?.ping('are you there');
  const [data] = await once(server ?? socket, 'pong');
  t.equal(String(data), 'are you there');
});

t.test('a close by the application reaches the client with its code and reason', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene);
  scene.accepted[0]?.close(4001, 'enough');
  const [code, reason] = await once(socket, 'close');
  t.same([code, String(reason)], [4001, 'enough']);
  await ended(scene, 1, t);
});

t.test('a client that ends abruptly is seen to by the application', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene);
  await said(socket, 'hello');
  socket.terminate();
  await ended(scene, 1, t);
  await scene.plane.until(() => scene.codes.length === 1, 'the close');
  t.same(scene.codes, [1006]);
});

t.test('an application that ends abruptly is seen to by the client', async (t) => {
  const scene = await echo(t);
  const socket = await open(t, scene);
  await said(socket, 'hello');
  const closed = once(socket, 'close');
  scene.accepted[0]?.terminate();
  t.same((await closed)[0], 1006);
  await ended(scene, 1, t);
});

t.test('a thousand WebSockets at once each get their own 64 KiB back, and leave nothing behind', async (t) => {
  const scene = await echo(t);
  const sockets = await Promise.all(Array.from({ length: 1_000 }, () => open(t, scene)));
  t.equal(scene.plane.inFlight(), 1_000);
  const common = noise(65_536, 'c');
  let right = 0;
  await Promise.all(
    sockets.map(async (socket, i) => {
      const message = Buffer.from(common);
      message.writeUInt32BE(i);
      if ((await said(socket, message)).equals(message)) right += 1;
    }),
  );
  t.equal(right, 1_000);
  for (const [i, socket] of sockets.entries()) {
    if (i % 3 === 0) socket.close(1000);
    else if (i % 3 === 1) socket.terminate();
    else scene.accepted[i]?.terminate();
  }
  await ended(scene, 1_000, t);
  await scene.plane.until(() => scene.codes.length === 1_000, 'the end at the application');
  t.equal(scene.plane.plane.upstreams.of('static/test/only').endpoints[0]?.active, 0);
});

t.test('a WebSocket under TLS on both hops is one like any other, until either side ends it abruptly', async (t) => {
  const upstreamTls = { ca: pem('ca.crt'), serverName: 'localhost', verify: true };
  const scene = await echo(t, { tls: listenerTls(['server']), upstreamTls });
  const sockets = await Promise.all([open(t, scene), open(t, scene), open(t, scene)]);
  const message = noise(1 << 20, 's');
  for (const socket of sockets) t.ok((await said(socket, message)).equals(message));
  const [first, second, third] = sockets;
  first?.close(1000);
  second?.terminate();
  if (third !== undefined) {
    const closed = once(third, 'close');
    scene.accepted[2]?.terminate();
    t.equal((await closed)[0], 1006);
  }
  await ended(scene, 3, t);
});

t.test("a WebSocket that the application refuses gets the application's answer", async (t) => {
  const upstream = await strictUpstream(t, (response) => void response.writeHead(403).end('no'));
  const plane = await planeTo(t, [upstream.port]);
  const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/chat`);
  const [, response] = await once(socket, 'unexpected-response');
  t.equal(response.statusCode, 403);
  response.destroy();
  await plane.until(() => plane.connections() === 0, 'the connection to close');
  t.same(plane.statuses('only'), { 403: 1 });
});
