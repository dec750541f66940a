import type { Test } from 'tap';
import type { Pooled } from '../../src/proxy/pooled.ts';
import type { TestPlane } from '../lib/plane.ts';
import type { RawPeer } from '../lib/raw-peer.ts';

/** Longer than an upstream connection may lie idle, in milliseconds. */
const UPSTREAM_IDLE_MS = 4_100;

/** What a plane held before a fault: sockets, requests in flight, parsers that are lent out. Afterwards it must hold no more. */
export class Baseline {
  readonly #plane: TestPlane;
  readonly #versions: readonly string[];
  readonly #sockets: number;
  #parsers = 0;

  /** To be taken before the first connection. */
  constructor(plane: TestPlane, versions: readonly string[] = ['only']) {
    this.#plane = plane;
    this.#versions = versions;
    this.#sockets = openSockets();
    this.#watch(plane.plane.requestHeads);
    this.#watch(plane.plane.responseHeads);
  }

  /** Resolves when nothing of the fault is left. The plane lets go of its sockets itself, before the other sides close theirs. */
  async regained(t: Test, clients: readonly RawPeer[], upstreams: readonly RawPeer[]): Promise<void> {
    const under = this.#plane;
    await under.until(() => under.inFlight() === 0, 'the end of the last exchange');
    for (const client of clients) client.socket.destroy();
    await under.until(() => under.plane.connections.size === 0, 'the end of the client connections');
    t.equal(under.connections(), 0, 'no client connection is counted');
    t.equal(this.#parsers, 0, 'no parser is lent out');
    for (const version of this.#versions) {
      const { endpoints } = under.plane.upstreams.of(`static/test/${version}`);
      for (const { active, name } of endpoints) t.equal(active, 0, `no exchange is counted at ${name}`);
    }
    under.pass(UPSTREAM_IDLE_MS);
    for (const peer of upstreams) peer.socket.resume();
    await under.until(
      () => upstreams.every(({ ended, closed }) => ended || closed),
      'the end of the upstream connections',
    );
    for (const peer of upstreams) peer.socket.destroy();
    await under.until(() => openSockets() <= this.#sockets, 'the last socket to be closed');
  }

  #watch<T>(pool: Pooled<T>): void {
    const take = pool.take.bind(pool);
    const give = pool.give.bind(pool);
    pool.take = () => {
      this.#parsers += 1;
      return take();
    };
    pool.give = (item) => {
      this.#parsers -= 1;
      give(item);
    };
  }
}

/** TCP sockets of this process, listening ones not counted. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
