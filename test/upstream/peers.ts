import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';
import type { Endpoint } from '../../src/routing/table.ts';
import type { UpstreamConnection, UpstreamUser } from '../../src/upstream/connection.ts';

/** A server that says only what a test makes it say. */
export class Peer {
  readonly endpoint: Endpoint;
  /** In the order in which they came. */
  readonly sockets: Socket[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.endpoint = { host: '127.0.0.1', port };
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      this.sockets.push(socket);
    });
  }

  /** Listens until the test is over. */
  static async start(t: Test): Promise<Peer> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const peer = new Peer(server, typeof address === 'object' && address !== null ? address.port : 0);
    t.teardown(() => peer.#stop());
    return peer;
  }

  /** The n-th connection, as soon as it is there. */
  async socket(n: number): Promise<Socket> {
    while (this.sockets.length <= n) await once(this.#server, 'connection');
    const socket = this.sockets[n];
    if (socket === undefined) throw new Error(`no connection ${n}`);
    return socket;
  }

  async #stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A port of 127.0.0.1 where nobody listens. */
export async function deadEndpoint(): Promise<Endpoint> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  return { host: '127.0.0.1', port };
}

/** Holds a connection as an exchange does, and remembers what it is told. */
export class Holder implements UpstreamUser {
  /** `connect`, `data:<text>`, `end`, `close:<error>`. */
  readonly told: string[] = [];
  /** Bytes to take of each read. */
  takes = Number.POSITIVE_INFINITY;
  /** What to answer a read with: false pauses. */
  goesOn = true;
  readonly connection: UpstreamConnection;
  #wake: (() => void) | null = null;

  constructor(connection: UpstreamConnection) {
    this.connection = connection;
    connection.user = this;
  }

  /** Resolves when that many things have been told. */
  async hears(count: number): Promise<readonly string[]> {
    while (this.told.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.told;
  }

  onUpstreamConnect(): void {
    this.#tell('connect');
  }

  onUpstreamData(): boolean {
    const { connection } = this;
    this.#tell(`data:${connection.slab.toString('latin1', connection.start, connection.end)}`);
    connection.start = Math.min(connection.end, connection.start + this.takes);
    return this.goesOn;
  }

  onUpstreamEnd(): void {
    this.#tell('end');
  }

  onUpstreamClose(error: string): void {
    this.#tell(`close:${error}`);
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#wake?.();
  }
}
