import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import type { RawPeer } from '../lib/raw-peer.ts';
import { GET, type Scene, scene, turns } from './scene.ts';

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

const ROUNDS = 120;
/** One of the buffers that an upstream connection reads into, and nothing else here is as large. */
const BUFFER_BYTES = 65_536;

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n';

interface Fault {
  /** What the upstream does with each connection. */
  readonly upstream: (peer: RawPeer) => Promise<void>;
  /** What each client does. */
  readonly client: (client: RawPeer, under: Scene) => Promise<void>;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'resets before its answer': {
    upstream: async (peer) => {
      await peer.readRequest();
      peer.reset();
    },
    client: async (client) => {
      client.send(GET);
      await client.readResponse();
    },
  },
  'breaks off inside its head': {
    upstream: async (peer) => {
      await peer.readRequest();
      peer.socket.end('HTTP/1.1 200 OK\r\nConte');
    },
    client: async (client) => {
      client.send(GET);
      await client.readResponse();
    },
  },
  'breaks off inside its body': {
    upstream: async (peer) => {
      await peer.readRequest();
      peer.socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`);
    },
    client: async (client) => {
      client.send(GET);
      await client.ending();
    },
  },
  'answers early while the client uploads, and resets': {
    upstream: async (peer) => {
      await peer.readThrough('\r\n\r\n');
      peer.socket.pause();
      peer.send('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      peer.socket.destroy();
    },
    client: async (client) => {
      await client.sendEach([POST, 'x'.repeat(20_000), 'x'.repeat(20_000)]);
      await client.readResponse();
    },
  },
  'waits, and its client leaves': {
    upstream: async (peer) => void (await peer.readRequest()),
    client: async (client, under) => {
      client.send(GET + GET);
      await under.plane.until(() => under.plane.inFlight() === 1, 'the request');
      client.reset();
    },
  },
};

for (const [what, fault] of Object.entries(FAULTS)) {
  t.test(`an upstream that ${what}, ${ROUNDS} times, leaves no object and no buffer behind`, async (t) => {
    const under = await scene(t, fault.upstream);
    const seen = watch(under.plane.plane.connections);
    const before = await buffersHeld(under);
    for (let round = 0; round < ROUNDS; round += 1) {
      const client = await under.client();
      await fault.client(client, under);
      client.socket.destroy();
      await under.plane.until(() => under.plane.connections() === 0, 'the connection to close');
    }
    const grown = (await buffersHeld(under)) - before;
    t.ok(grown < ROUNDS * (BUFFER_BYTES / 20), `${grown} bytes of buffers`);
    t.equal(seen.length, ROUNDS);
    // The loop's own last round may still be on the stack.
    t.ok(seen.filter((connection) => connection.deref() !== undefined).length <= 1, 'client connections and exchanges');
  });
}

/** Whatever is added. */
function watch<T extends object>(set: Set<T>): WeakRef<T>[] {
  const seen: WeakRef<T>[] = [];
  const add = set.add.bind(set);
  set.add = (item) => {
    seen.push(new WeakRef(item));
    return add(item);
  };
  return seen;
}

/** Bytes of all buffers once the garbage is gone. The test's own peers are let go first. */
async function buffersHeld({ clients, upstream }: Scene): Promise<number> {
  for (const peer of [...clients, ...upstream.peers]) {
    peer.socket.destroy();
    peer.unread = Buffer.alloc(0);
  }
  clients.length = 0;
  upstream.peers.length = 0;
  // Node and V8 free some of it in later turns and on other threads: asked again as long as it gets less.
  for (let bytes = Number.POSITIVE_INFINITY; ; ) {
    await turns(50);
    if (typeof gc === 'function') gc();
    const now = process.memoryUsage().arrayBuffers;
    if (now >= bytes) return now;
    bytes = now;
  }
}
