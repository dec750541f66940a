import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { proxyProcess } from '../lib/proxy-process.ts';

const GIGABYTE = 1 << 30;
const MEGABYTE = 1 << 20;
const PIECE = Buffer.alloc(1 << 18);
const SMALL = 16 * MEGABYTE;

t.test('a body of a gigabyte passes without raising the resident memory by more than 32 MB', async (t) => {
  const proxy = await proxyProcess(t, await zeros(t));
  for (const [direction, transfer] of [
    ['down', download],
    ['up', upload],
  ] as const) {
    await transfer(t, proxy.port, SMALL);
    await proxy.memory();
    const before = await proxy.memory();
    await transfer(t, proxy.port, GIGABYTE);
    const { peak } = await proxy.memory();
    const grown = (peak - before.now) / MEGABYTE;
    t.ok(grown <= 32, `${direction}: it grew from ${before.now >> 20} MB by ${grown.toFixed(1)} MB`);
  }
});

t.test('tunnels leave no memory behind, however they end', async (t) => {
  const proxy = await proxyProcess(t, await echo(t));
  const waves = async (count: number): Promise<number> => {
    for (let wave = 0; wave < count; wave += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => tunnel(t, proxy.port, i % 3)));
    }
    return (await proxy.memory()).peak;
  };
  // The heap takes some waves to find its size.
  const before = await waves(10);
  const after = await waves(12);
  const grown = (after - before) / MEGABYTE;
  // 1,200 buffers of 64 KiB would be 75 MB.
  t.ok(grown <= 40, `it grew from ${before >> 20} MB by ${grown.toFixed(1)} MB`);
});

/** Sends 64 KiB through a tunnel and back, and ends it as its number says. */
async function tunnel(t: Test, port: number, end: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(`GET /${end} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
  socket.write(Buffer.alloc(65_536));
  let count = -1;
  socket.on('data', (chunk: Buffer) => {
    count += chunk.length;
    // The head of the 101 comes in the first read.
    if (count === chunk.length - 1) count -= chunk.indexOf('\r\n\r\n') + 3;
    if (count < 65_536) return;
    if (end === 0) socket.end();
    else if (end === 1) socket.resetAndDestroy();
    else socket.write('reset');
  });
  await new Promise((resolve) => socket.on('close', resolve));
  t.equal(count, 65_536, 'all of it came back');
}

/** An application that answers every upgrade with 101 and sends back what it gets, until it is told to reset. */
async function echo(t: Test): Promise<number> {
  return listening(
    t,
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.on('data', (chunk: Buffer) => {
          if (chunk.length === 5) socket.resetAndDestroy();
          else socket.write(chunk);
        });
      });
    }),
  );
}

/** Has a body of `size` sent through the proxy to the client, who only counts it. */
async function download(t: Test, port: number, size: number): Promise<void> {
  const socket = await counting(t, port);
  socket.write(`GET /${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  t.ok(socket.bytesRead >= size, 'all of it has arrived');
}

/** Sends a body of `size` through the proxy. The upstream answers when it has all of it. */
async function upload(t: Test, port: number, size: number): Promise<void> {
  const socket = await counting(t, port);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
  await writeZeros(socket, size);
  await once(socket, 'close');
  t.ok(socket.bytesRead > 0, 'all of it was taken');
}

async function counting(t: Test, port: number): Promise<Socket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: { buffer: Buffer.alloc(PIECE.length), callback: () => true },
  });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** An upstream that sends as many zeros as the path says, or takes as many as come. No HTTP parser: it must not be slow. */
async function zeros(t: Test): Promise<number> {
  const server = createServer((socket) => {
    let expected = -1;
    let taken = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (expected < 0) {
        const head = chunk.toString('latin1');
        const size = Number(/^GET \/([0-9]+)/.exec(head)?.[1] ?? -1);
        if (size >= 0) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
          void writeZeros(socket, size);
          return;
        }
        expected = Number(/^content-length: ([0-9]+)/im.exec(head)?.[1]) + head.indexOf('\r\n\r\n') + 4;
      }
      taken += chunk.length;
      if (taken === expected) socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
    });
  });
  return listening(t, server);
}

async function listening(t: Test, server: Server): Promise<number> {
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function writeZeros(socket: Socket, size: number): Promise<void> {
  for (let left = size; left > 0; left -= PIECE.length) {
    if (!socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE)) await once(socket, 'drain');
  }
}
