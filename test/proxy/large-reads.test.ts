import t, { type Test } from 'tap';
import { SLAB_BYTES, slabs } from '../../src/upstream/slabs.ts';
import { planeTo, type TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { rawUpstream } from '../lib/upstreams.ts';

/** More than the kernel takes on both hops while nobody reads. */
const LARGE = 32 << 20;
const ASK = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';

/** Large buffers that are free, or may yet be made. */
function free(): number {
  const taken: Buffer[] = [];
  for (;;) {
    const small = Buffer.allocUnsafeSlow(SLAB_BYTES);
    const large = slabs.grow(small);
    if (large === small) break;
    taken.push(large);
  }
  for (const large of taken) slabs.give(large);
  return new Set(taken).size;
}

/** The answer stands still: the client's socket takes no more. */
async function stuck(plane: TestPlane): Promise<void> {
  const [connection] = plane.plane.connections;
  for (let before = -1; ; before = connection?.socket.bytesWritten ?? 0) {
    for (let i = 0; i < 100; i += 1) await turn();
    if ((connection?.socket.writableLength ?? 0) > 0 && before === connection?.socket.bytesWritten) return;
    if (plane.connections() !== 1) throw new Error('the connection is gone');
  }
}

interface Scene {
  readonly plane: TestPlane;
  readonly client: RawPeer;
  readonly server: RawPeer;
}

/** A large answer that stands still, read by a large buffer. */
async function download(t: Test, head: string): Promise<Scene> {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(head);
    peer.send(Buffer.alloc(LARGE, 'x'));
  });
  const plane = await planeTo(t, [upstream.port], { retries: null });
  const client = await rawClient(t, plane.port);
  client.socket.pause();
  client.send(ASK);
  await stuck(plane);
  const [server] = upstream.peers;
  if (server === undefined) throw new Error('no connection');
  return { plane, client, server };
}

const ENDINGS: readonly (readonly [name: string, head: string, end: (scene: Scene) => void])[] = [
  ['is read', `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`, ({ client }) => drop(client)],
  ['is read and ends with its connection', 'HTTP/1.1 200 OK\r\n\r\n', ({ client, server }) => drop(client, server)],
  ['is given up by its client', 'HTTP/1.1 200 OK\r\n\r\n', ({ client }) => client.reset()],
  ['is cut by its application', 'HTTP/1.1 200 OK\r\n\r\n', ({ client, server }) => cut(client, server)],
];

/** Reads without keeping anything; the application, where it is given, ends the answer. */
function drop(client: RawPeer, server?: RawPeer): void {
  client.socket.removeAllListeners('data');
  client.socket.on('data', () => {});
  server?.socket.end();
  client.socket.resume();
}

function cut(client: RawPeer, server: RawPeer): void {
  server.reset();
  drop(client);
}

for (const [name, head, end] of ENDINGS) {
  t.test(`a large answer that ${name} leaves its large buffer to others`, async (t) => {
    const before = free();
    const scene = await download(t, head);
    t.equal(free(), before - 1, 'it has one');
    end(scene);
    await scene.plane.until(() => scene.plane.inFlight() === 0, 'the end of the exchange');
    await scene.plane.until(() => free() === before, 'the buffer');
  });
}

t.test(
  'what a slow client has yet to be sent is not written over by the next answer of the same connection',
  async (t) => {
    const size = 60_000;
    const requests = 400;
    const body = (target: string): Buffer => Buffer.alloc(size, `${target} `);
    const upstream = await rawUpstream(t, async (peer) => {
      for (;;) {
        const { startLine } = await peer.readRequest();
        const [, target = ''] = startLine.split(' ');
        peer.send(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`), body(target)]));
      }
    });
    const plane = await planeTo(t, [upstream.port]);
    const slow = await rawClient(t, plane.port);
    slow.socket.pause();
    const targets = Array.from({ length: requests }, (_, i) => `/slow-${i}`);
    slow.send(targets.map((target) => ASK.replace('/a', target)).join(''));
    await stuck(plane);
    t.equal(plane.inFlight(), 0, 'the answer that stands still is over for its application');
    const other = await rawClient(t, plane.port);
    for (const target of ['/other-1', '/other-2']) {
      other.send(ASK.replace('/a', target));
      t.ok(body(target).equals((await other.readResponse()).body));
    }
    t.equal(upstream.peers.length, 1, 'by the same connection');
    slow.socket.resume();
    const wrong: string[] = [];
    for (const target of targets) if (!body(target).equals((await slow.readResponse()).body)) wrong.push(target);
    t.same(wrong, []);
  },
);
