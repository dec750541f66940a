import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Endpoint } from '../routing/table.ts';
import { failureCode } from './failure-code.ts';
import { HEADROOM, SLAB_BYTES, slabs, TAILROOM } from './slabs.ts';
import type { UpstreamContext } from './upstream-context.ts';
import { UpstreamSocket } from './upstream-socket.ts';

/** What an upstream connection tells the exchange that holds it. Positions are into `connection.slab`. */
export interface UpstreamUser {
  onUpstreamConnect(): void;
  /** Bytes [connection.start, connection.end) are unread; the user moves `start` on. False pauses reading. */
  onUpstreamData(): boolean;
  /** FIN: no more bytes will come. */
  onUpstreamEnd(): void;
  /** The connection is gone; `error` is the system's code, or empty after an orderly end. */
  onUpstreamClose(error: string): void;
}

/** A head that is being read on gets a larger buffer when less than this is left of it. */
const MIN_READ_BYTES = 4096;
/** After a read of no more than this the slab is given back: the next one, whenever it comes, is copied for little. */
const SMALL_READ_BYTES = 4096;

/**
 * One connection to an endpoint. Reads with `onread` into a buffer that it has at hand (the largest single saving that was
 * measured on this side); the reader never reads on while a write still refers to the buffer.
 */
export class UpstreamConnection {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
  /** Null: no TLS. */
  readonly tls: UpstreamContext | null;
  /** Where the unread bytes are; empty while there are none and none are expected at once. */
  slab: Buffer = slabs.none;
  /** First unread byte, and the end of what has been read. */
  start = HEADROOM;
  end = HEADROOM;
  connected = false;
  /** There is a TCP connection, and its TLS handshake is not over. */
  handshaking = false;
  /** What it has read in this turn of the event loop may be followed by more: nobody else may have it yet. */
  unsettled = false;
  closed = false;
  /** Exchanges completed on this connection. */
  served = 0;
  /** Deadline of an idle connection, in the worker clock's milliseconds. */
  idleUntil = 0;
  /** The code of what ended it, ECONNRESET or CERT_HAS_EXPIRED say; empty: no error. */
  error = '';
  user: UpstreamUser | null = null;
  /** Told when the connection ends or speaks while nobody uses it. */
  readonly #onIdleEnd: (connection: UpstreamConnection) => void;
  #view: Buffer = slabs.landing;
  /** Where in the slab the view begins; -1: the view is of none, or of another. */
  #viewStart = -1;

  constructor(
    endpoint: Endpoint,
    onIdleEnd: (connection: UpstreamConnection) => void,
    tls: UpstreamContext | null = null,
  ) {
    this.endpoint = endpoint;
    this.tls = tls;
    this.#onIdleEnd = onIdleEnd;
    this.socket = tls === null ? this.#connectPlain() : this.#connectTls(tls);
    this.socket.on('error', (error: Error) => {
      this.error = failureCode(error);
    });
    this.socket.on('end', () => {
      if (this.user === null) this.destroy();
      else this.user.onUpstreamEnd();
    });
    this.socket.on('close', () => this.#onClose());
  }

  /** The last read took all there was room for: more may lie behind it, as old as what was read. */
  get brimful(): boolean {
    return this.end === this.slab.length - TAILROOM;
  }

  /**
   * The last write to a client still refers to the buffer: leaves it to that write. What was read has been passed on.
   * @returns the buffer, to be given back when it has been written.
   */
  renewSlab(): Buffer {
    const { slab } = this;
    this.#dropSlab();
    this.rewind();
    return slab;
  }

  /** Forgets consumed bytes. To be called when everything read has been passed on. */
  rewind(): void {
    this.start = HEADROOM;
    this.end = HEADROOM;
  }

  destroy(): void {
    if (!this.socket.destroyed) this.socket.destroy();
  }

  #connectPlain(): Socket {
    const socket = new UpstreamSocket({
      allowHalfOpen: true,
      onread: {
        buffer: () => this.#nextBuffer(),
        callback: (length) => this.#onRead(length),
      },
    })
      .setNoDelay(true)
      .connect(this.endpoint.port, this.endpoint.host);
    socket.on('connect', () => this.#onConnect());
    return socket;
  }

  #connectTls(tls: UpstreamContext): TLSSocket {
    const socket = tls.connect(this.endpoint);
    socket.on('connect', () => {
      this.handshaking = true;
    });
    socket.on('secureConnect', () => {
      this.handshaking = false;
      this.#onConnect();
    });
    socket.on('data', (chunk: Buffer) => this.#onChunk(socket, chunk));
    return socket;
  }

  #onConnect(): void {
    this.connected = true;
    this.user?.onUpstreamConnect();
  }

  /**
   * Decrypted bytes. `onread` is not for TLS: Node goes on with what it has decrypted after the reader said stop, into the
   * same buffer, to which a write may still refer. A paused stream keeps it instead.
   */
  #onChunk(socket: TLSSocket, chunk: Buffer): void {
    this.#settle();
    let at = 0;
    while (at < chunk.length) {
      const taken = chunk.copy(this.#nextBuffer(), 0, at);
      at += taken;
      if (this.#onRead(taken) || this.user === null) continue;
      socket.pause();
      if (at < chunk.length) socket.unshift(chunk.subarray(at));
      return;
    }
  }

  /** One read of the kernel's may hold several records, which come one by one: bytes behind an answer may be yet to come. */
  #settle(): void {
    if (this.unsettled) return;
    this.unsettled = true;
    setImmediate(() => {
      this.unsettled = false;
    });
  }

  #nextBuffer(): Buffer {
    if (this.slab === slabs.none) return slabs.landing;
    // Usually everything was consumed and the same view serves again; an unfinished head is kept and read on behind it.
    if (this.end !== this.#viewStart) {
      if (this.slab.length - this.end < MIN_READ_BYTES) this.#makeRoom();
      this.#view = this.slab.subarray(this.end, -TAILROOM);
      this.#viewStart = this.end;
    }
    return this.#view;
  }

  /** Moves what is unread to another buffer: a read into no room at all would be an error. */
  #makeRoom(): void {
    const unread = this.slab.subarray(this.start, this.end);
    slabs.lose(this.slab);
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES + unread.length);
    this.rewind();
    this.end += unread.copy(this.slab, this.start);
  }

  #onRead(length: number): boolean {
    if (this.user === null) {
      // Bytes that nobody asked for must never become the next answer (CVE-2026-48931, CVE-2026-6733).
      this.destroy();
      return false;
    }
    if (this.slab === slabs.none) {
      this.slab = slabs.take(length);
      this.end = HEADROOM + length;
    } else this.end = this.#viewStart + length;
    const goOn = this.user.onUpstreamData();
    if (this.start !== this.end) return goOn;
    this.rewind();
    // To go on means that no write refers to it.
    if (goOn) this.#fitSlab(length);
    return goOn;
  }

  /** A body that comes in large reads keeps its slab, and is not copied. */
  #fitSlab(length: number): void {
    if (length <= SMALL_READ_BYTES || this.user === null) {
      slabs.give(this.slab);
      this.#dropSlab();
    } else if (length === this.slab.length - HEADROOM - TAILROOM) {
      this.slab = slabs.grow(this.slab);
      this.#viewStart = -1;
    }
  }

  #dropSlab(): void {
    this.slab = slabs.none;
    this.#view = slabs.landing;
    this.#viewStart = -1;
  }

  #onClose(): void {
    this.closed = true;
    slabs.lose(this.slab);
    if (this.user === null) this.#onIdleEnd(this);
    else this.user.onUpstreamClose(this.error);
  }
}
