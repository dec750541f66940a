import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { ServerContexts } from '../../src/proxy/server-contexts.ts';
import { type TlsClientSocket, tlsClientSocket } from '../../src/proxy/tls-client-socket.ts';
import { listenerTls } from '../lib/certificates.ts';
import { tlsClient } from '../lib/tls-client.ts';

async function pair(t: Test) {
  const { options } = new ServerContexts(listenerTls(['server']));
  const server = createServer({ allowHalfOpen: true });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const accepted = once(server, 'connection');
  const peer = tlsClient(t, address.port);
  const socket = tlsClientSocket((await accepted)[0], options, () => Buffer.alloc(0));
  t.teardown(() => socket.destroy());
  return { socket, client: await peer };
}

/** Writes a buffer and overwrites it at once, as the next exchange does. */
function writeAndReuse(socket: TlsClientSocket, text: string): void {
  const buffer = Buffer.from(text);
  socket.write(buffer);
  buffer.fill('!');
}

t.test('a buffer may be reused as soon as it was written', async (t) => {
  const { socket, client } = await pair(t);
  writeAndReuse(socket, 'one ');
  writeAndReuse(socket, 'two ');
  t.ok(socket.writableLength > 0, 'Node counts it as not written yet');
  t.equal((await client.read(8)).toString(), 'one two ');
});

t.test('the same before the handshake is over', async (t) => {
  const { options } = new ServerContexts(listenerTls(['server']));
  const server = createServer((raw) => {
    const socket = tlsClientSocket(raw, options, () => Buffer.alloc(0));
    writeAndReuse(socket, 'early ');
    writeAndReuse(socket, 'words');
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = await tlsClient(t, address.port);
  t.equal((await client.read(11)).toString(), 'early words');
  client.socket.destroy();
});

t.test('the same while a write of nothing is under way, which writableLength does not show', async (t) => {
  const { socket, client } = await pair(t);
  let seen = false;
  socket.write(Buffer.from('one '), () => {
    seen = socket.writableLength === 0;
    writeAndReuse(socket, 'two ');
  });
  socket.write(Buffer.alloc(0));
  t.equal((await client.read(8)).toString(), 'one two ');
  t.ok(seen, 'the write of nothing is all there is');
});

t.test('the same while it is corked', async (t) => {
  const { socket, client } = await pair(t);
  socket.cork();
  const [one, two] = [Buffer.from('one '), Buffer.from('two ')];
  socket.write(one);
  socket.write(two);
  socket.uncork();
  one.fill('!');
  two.fill('!');
  t.equal((await client.read(8)).toString(), 'one two ');
});

t.test('text goes through as it is', async (t) => {
  const { socket, client } = await pair(t);
  await new Promise((resolve) => socket.write('text ', resolve));
  await new Promise((resolve) => socket.write('7465787420', 'hex', resolve));
  t.equal((await client.read(10)).toString(), 'text text ');
});
