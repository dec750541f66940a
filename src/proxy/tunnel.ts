import type { Socket } from 'node:net';
import type { UpstreamConnection, UpstreamUser } from '../upstream/connection.ts';
import type { CauseName } from './causes.ts';
import type { DataPlane } from './data-plane.ts';
import { free } from './free.ts';
import { resetSocket } from './reset-socket.ts';
import { afterFlush, flushed } from './scratch.ts';

/** A peer that has vanished without a word is found out by the kernel, also where no timeout is set. */
const PROBE_MS = 60_000;

/** What a tunnel needs of the client's side. */
export interface TunnelClient {
  readonly socket: Socket;
  pause(): void;
  resume(): void;
  /** Resets the client's connection. */
  cut(): void;
}

/**
 * Two connections after a 101 (RFC 9110 15.2.2): bytes go both ways and mean nothing here. Holds one buffer a direction. A FIN
 * is passed on and leaves the other direction open, a reset is passed on as a reset.
 */
export class Tunnel implements UpstreamUser {
  /** From the client to the upstream. */
  bytesIn = 0;
  bytesOut = 0;
  readonly #client: TunnelClient;
  readonly #upstream: UpstreamConnection;
  readonly #plane: DataPlane;
  readonly #onOver: (cause: CauseName | '') => void;
  #clientEnded = false;
  #clientGone = false;
  #upstreamEnded = false;
  #over = false;
  #deadline = 0;

  /** @param onOver called once, when nothing can be passed on any more; empty: both sides had ended. */
  constructor(
    client: TunnelClient,
    upstream: UpstreamConnection,
    plane: DataPlane,
    onOver: (cause: CauseName | '') => void,
  ) {
    this.#client = client;
    this.#upstream = upstream;
    this.#plane = plane;
    this.#onOver = onOver;
    upstream.user = this;
    upstream.socket.setKeepAlive(true, PROBE_MS);
    client.socket.setKeepAlive(true, PROBE_MS);
    this.#touch();
  }

  onClientData(chunk: Buffer): void {
    if (this.#over) return;
    const { socket } = this.#upstream;
    this.bytesIn += chunk.length;
    this.#touch();
    socket.write(chunk);
    if (flushed(socket)) {
      free(chunk);
      return;
    }
    this.#client.pause();
    afterFlush(socket, () => {
      if (this.#over) return;
      free(chunk);
      this.#touch();
      this.#client.resume();
    });
  }

  onClientEnd(): void {
    this.#clientEnded = true;
    if (this.#over) return;
    this.#touch();
    this.#upstream.socket.end();
  }

  /** The client's socket is closed. */
  onClientGone(): void {
    if (this.#over) return;
    if (!this.#clientEnded) {
      resetSocket(this.#upstream.socket);
      this.#end('client_closed');
      return;
    }
    // What it sent before its FIN is still to reach the upstream, within a bounded time.
    this.#clientGone = true;
    this.#deadline = this.#plane.deadline(this.#plane.settings.timeouts.idle);
    this.#upstream.socket.destroySoon();
  }

  /** A tunnel begins on a connection that stands. */
  onUpstreamConnect(): void {}

  onUpstreamData(): boolean {
    const upstream = this.#upstream;
    const { start, end, slab } = upstream;
    upstream.start = end;
    if (this.#clientGone) return true;
    const { socket } = this.#client;
    if (start < end) {
      this.bytesOut += end - start;
      this.#touch();
      socket.write(slab.subarray(start, end));
    }
    if (flushed(socket)) return true;
    afterFlush(socket, () => {
      if (this.#over) return;
      this.#touch();
      upstream.socket.resume();
    });
    return false;
  }

  onUpstreamEnd(): void {
    this.#upstreamEnded = true;
    if (this.#over || this.#clientGone) return;
    this.#touch();
    this.#client.socket.end();
  }

  onUpstreamClose(): void {
    if (this.#over) return;
    if (this.#clientGone) {
      this.#end(this.#upstreamEnded ? '' : 'client_closed');
      return;
    }
    // After its FIN all that it had to say is with the client's socket: that may still be read to its end.
    if (!this.#upstreamEnded) this.#client.cut();
    this.#end(this.#upstreamEnded && this.#clientEnded ? '' : 'reset');
  }

  /** @returns true: it took work */
  sweep(now: number): boolean {
    if (now < this.#deadline) return false;
    this.cut('tunnel_timeout');
    return true;
  }

  /** Ends both sides at once. */
  cut(cause: CauseName): void {
    if (this.#over) return;
    resetSocket(this.#upstream.socket);
    this.#client.cut();
    this.#end(cause);
  }

  #touch(): void {
    if (this.#clientGone) return;
    this.#deadline = this.#plane.deadline(this.#plane.settings.timeouts.tunnel);
  }

  #end(cause: CauseName | ''): void {
    this.#over = true;
    this.#onOver(cause);
  }
}
