import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { type ProxyProcess, proxyProcess } from '../lib/proxy-process.ts';
import { testSettings } from '../lib/test-settings.ts';

/*
 * docs/memory.md says what each state of a client's connection costs at most. Here many connections are in each, all at once,
 * and what the process needs stays below the sum.
 */

const KIB = 1024;
const MIB = KIB * KIB;
const { headerBytes, headers } = testSettings().limits;
/** What the collector and the allocator leave lying about, whatever the connections do. */
const MARGIN = 24 * MIB;

const PIPELINED = get('/small').repeat(8_000);

const IDLE = 8 * KIB;
const HEAD = IDLE + 2 * headerBytes + 18 * headers + KIB;
const CLIENT_ALONE = 204 * KIB + headerBytes;
const WORST = 400 * KIB + 6 * headerBytes + 18 * headers;

const STATES: readonly [name: string, connections: number, each: number, request: () => (Buffer | string)[]][] = [
  ['idle after a request', 300, IDLE, () => [get('/small')]],
  ['an unfinished head of almost its limit', 300, HEAD, unfinishedHead],
  ['requests pipelined behind one without an answer', 100, CLIENT_ALONE, () => [get('/silent'), PIPELINED]],
  ['requests pipelined behind an answer that is not read', 20, CLIENT_ALONE, () => [get('/endless'), PIPELINED]],
  ['an upload to an application that does not read', 20, WORST, upload],
];

t.test('connections in their worst states need no more memory than the documented formula says', async (t) => {
  const proxy = await proxyProcess(t, await hostileUpstream(t));
  for (let i = 0; i < 50; i += 1) await open(t, proxy, [get('/small')]);
  const start = await proxy.needed();
  let bound = MARGIN;
  let before = start;
  for (const [name, connections, each, request] of STATES) {
    await Promise.all(Array.from({ length: connections }, () => open(t, proxy, request())));
    const now = await settled(proxy);
    bound += connections * each;
    const said = `${name}: ${((now - before) / connections / KIB).toFixed(1)} KiB each, documented ${(each / KIB).toFixed(1)}`;
    t.ok(now - start <= bound, `${said}; ${((now - start) / MIB).toFixed(1)} of ${(bound / MIB).toFixed(1)} MiB`);
    t.comment(said);
    before = now;
  }
});

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

function unfinishedHead(): string[] {
  const line = `x-filler: ${'x'.repeat(1_000)}\r\n`;
  return ['GET / HTTP/1.1\r\nHost: a\r\n', line.repeat(7), line.repeat(7)];
}

function upload(): (Buffer | string)[] {
  return [`POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: ${1 << 30}\r\n\r\n`, Buffer.alloc(10 * MIB)];
}

/** A client that sends this and reads nothing, connected and with what it sent on its way. */
async function open(t: Test, proxy: ProxyProcess, pieces: readonly (Buffer | string)[]): Promise<void> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  socket.setNoDelay(true);
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
}

/** What is needed when it has stopped growing: the kernel's buffers between the peers are full. */
async function settled(proxy: ProxyProcess): Promise<number> {
  let needed = await proxy.needed();
  for (let before = 0; needed > before + MIB; ) {
    before = needed;
    for (let i = 0; i < 4; i += 1) needed = await proxy.needed();
  }
  return needed;
}

/** Answers by path: at once, without an end, never; or does not even read. */
async function hostileUpstream(t: Test): Promise<number> {
  const block = Buffer.alloc(MIB);
  const server = createServer((socket: Socket) => {
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const path = /^[A-Z]+ (\S+)/.exec(chunk.toString('latin1', 0, 100))?.[1];
      if (path === '/small') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      if (path === '/deaf') socket.pause();
      if (path === '/endless') {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${1 << 30}\r\n\r\n`);
        for (let i = 0; i < 10; i += 1) socket.write(block);
      }
    });
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
