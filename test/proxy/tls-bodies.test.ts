import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, createServer as createHttpsServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { listenerTls, pem } from '../lib/certificates.ts';
import { planeTo } from '../lib/plane.ts';
import { tlsClient } from '../lib/tls-client.ts';
import { rawUpstream } from '../lib/upstreams.ts';

const PIECE = 1 << 20;
const LENGTH = 8;

/** The same pseudo-random megabyte with a number in front of it: no piece can stand in for another. */
const base = randomBytes(PIECE);

function piece(index: number): Buffer {
  const copy = Buffer.from(base);
  copy.writeUInt32BE(index);
  return copy;
}

function hashOfPieces(): string {
  const hash = createHash('sha256');
  for (let i = 0; i < LENGTH; i += 1) hash.update(piece(i));
  return hash.digest('hex');
}

/** Reads a body in pauses, so that everything before it fills up again and again. */
async function slowHash(message: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  let sincePause = 0;
  message.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    sincePause += chunk.length;
    if (sincePause < PIECE) return;
    sincePause = 0;
    message.pause();
    setImmediate(() => setImmediate(() => message.resume()));
  });
  await once(message, 'end');
  return hash.digest('hex');
}

type Answer = (message: IncomingMessage, response: ServerResponse) => Promise<void>;

async function server(t: Test, secure: boolean, serve: Answer): Promise<number> {
  const answer = (message: IncomingMessage, response: ServerResponse) => {
    serve(message, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
  const one = secure
    ? createHttpsServer({ cert: pem('server.crt'), key: pem('server.key') }, answer)
    : createServer(answer);
  t.teardown(() => {
    one.close();
    one.closeAllConnections();
  });
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
  const address: AddressInfo | string | null = one.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const UPSTREAM_TLS = { ca: pem('ca.crt'), serverName: 'localhost', verify: true };

/** A proxy with TLS to its client, and to its upstream where that is `secure`. */
async function between(t: Test, secure: boolean, answer: Answer) {
  const port = await server(t, secure, answer);
  const plane = await planeTo(t, [port], {
    tls: listenerTls(['server']),
    ...(secure && { upstreamTls: UPSTREAM_TLS }),
  });
  const agent = new Agent({ ca: pem('ca.crt'), servername: 'localhost', keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  return (path: string, method = 'GET') => request({ host: '127.0.0.1', port: plane.port, agent, path, method });
}

for (const secure of [false, true]) {
  const ways = secure ? 'TLS on both sides' : 'TLS to the client';

  t.test(`8 MB reach a slow reader as they were sent, however they are framed: ${ways}`, async (t) => {
    const ask = await between(t, secure, async (message, response) => {
      if (message.url === '/length') response.setHeader('content-length', LENGTH * PIECE);
      if (message.url === '/close') response.useChunkedEncodingByDefault = false;
      for (let i = 0; i < LENGTH; i += 1) if (!response.write(piece(i))) await once(response, 'drain');
      response.end();
    });
    const expected = hashOfPieces();
    for (const path of ['/length', '/chunked', '/close']) {
      const call = ask(path);
      call.end();
      const [response] = await once(call, 'response');
      t.equal(await slowHash(response), expected, path);
    }
  });

  t.test(`8 MB reach a slow upstream as they were sent: ${ways}`, async (t) => {
    const ask = await between(t, secure, async (message, response) => void response.end(await slowHash(message)));
    const call = ask('/', 'POST');
    for (let i = 0; i < LENGTH; i += 1) if (!call.write(piece(i))) await once(call, 'drain');
    call.end();
    const [response] = await once(call, 'response');
    const [hash] = await once(response, 'data');
    t.equal(hash.toString(), hashOfPieces());
  });
}

t.test(
  'pipelined answers of all sizes come whole and in order, over buffers that are used again and again',
  async (t) => {
    const sizes = Array.from({ length: 400 }, (_, i) => (i * 7919) % 40_000);
    const upstream = await rawUpstream(t, async (peer) => {
      for (;;) {
        const { startLine } = await peer.readRequest();
        const index = Number(/\d+/.exec(startLine)?.[0]);
        const size = sizes[index] ?? 0;
        peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        peer.send(base.subarray(index, index + size));
      }
    });
    const plane = await planeTo(t, [upstream.port], { tls: listenerTls(['server']) });
    const client = await tlsClient(t, plane.port);
    client.send(sizes.map((_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    const wrong: number[] = [];
    for (const [index, size] of sizes.entries()) {
      const { body } = await client.readResponse();
      if (!body.equals(base.subarray(index, index + size))) wrong.push(index);
    }
    t.same(wrong, []);
  },
);

t.test('a client under TLS that pipelines and never reads is not read on', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`;
  let asked = 0;
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      asked += 1;
      peer.send(answer);
    }
  });
  const plane = await planeTo(t, [upstream.port], { tls: listenerTls(['server']) });
  const client = await tlsClient(t, plane.port);
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000));
  let before = -1;
  while (asked !== before) {
    before = asked;
    for (let i = 0; i < 200; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  const [connection] = plane.plane.connections;
  t.ok(asked < 900, `${asked} fill the kernel's buffers`);
  t.ok((connection?.socket.writableLength ?? Number.NaN) < 100_000, 'and hardly any wait in memory');
});

t.test('an answer that is cut short ends without close_notify, by a reset', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf');
    peer.socket.end();
  });
  const plane = await planeTo(t, [upstream.port], { tls: listenerTls(['server']) });
  const client = await tlsClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.readThrough('half');
  t.equal(await client.ending(), 'reset');
  t.equal(client.error, 'ECONNRESET');
});

t.test('a last answer ends with close_notify, and a client that has ended its side still gets it', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    await new Promise((resolve) => setImmediate(resolve));
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const plane = await planeTo(t, [upstream.port], { tls: listenerTls(['server']) });
  const client = await tlsClient(t, plane.port);
  client.socket.end(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  t.equal((await client.readResponse()).body.toString(), 'ok');
  t.equal(await client.ending(), 'end');
  await plane.until(() => plane.connections() === 0, 'the connection to be forgotten');
});

t.test('a client under TLS that goes away ends the upstream exchange', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => void (await peer.readRequest()));
  const plane = await planeTo(t, [upstream.port], { tls: listenerTls(['server']) });
  const client = await tlsClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await plane.until(() => plane.inFlight() === 1, 'the exchange to begin');
  client.socket.destroy();
  await plane.until(() => plane.inFlight() === 0, 'the exchange to end');
  t.same(plane.statuses('only'), { '499': 1 });
});
