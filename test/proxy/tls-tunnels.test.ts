import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { listenerTls, pem } from '../lib/certificates.ts';
import { planeTo } from '../lib/plane.ts';
import { tlsClient } from '../lib/tls-client.ts';
import { tlsUpstream } from '../lib/tls-upstreams.ts';

const TRUST = { ca: pem('ca.crt'), serverName: 'localhost', verify: true };

async function between(t: Test, port: number) {
  return planeTo(t, [port], { tls: listenerTls(['server']), upstreamTls: TRUST });
}

t.test('a WebSocket under TLS on both sides echoes messages of all sizes', async (t) => {
  const server = createServer({ cert: pem('server.crt'), key: pem('server.key') });
  const echo = new WebSocketServer({ server });
  echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  t.teardown(() => {
    for (const client of echo.clients) client.terminate();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const plane = await between(t, address.port);
  const socket = new WebSocket(`wss://127.0.0.1:${plane.port}/`, { ca: pem('ca.crt') });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  const messages = [0, 1, 200, 65_536, 1 << 20, 300].map((size) => randomBytes(size));
  const echoed: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (echoed.push(data) === messages.length) resolve();
    });
  });
  for (const message of messages) socket.send(message);
  await all;
  t.same(
    messages.map((message, index) => echoed[index]?.equals(message)),
    messages.map(() => true),
  );
  socket.close();
  await once(socket, 'close');
  await plane.until(() => plane.connections() === 0, 'the connection to be forgotten');
  t.same(plane.statuses('only'), { '101': 1 });
});

t.test('an upstream under TLS that answers 413 and reads no further is heard', async (t) => {
  const upstream = await tlsUpstream(t, async (peer) => {
    await peer.readThrough('\r\n\r\n');
    peer.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    peer.socket.end();
  });
  const plane = await between(t, upstream.port);
  const client = await tlsClient(t, plane.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
  client.send(randomBytes(60_000));
  t.equal((await client.readResponse()).status, 413);
});
