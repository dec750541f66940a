import type { Socket } from 'node:net';

/** Nothing is queued: the kernel has taken every byte, and the buffer that was written may be reused. */
export function flushed(socket: Socket): boolean {
  return socket.writableLength === 0;
}

const NOTHING = Buffer.alloc(0);

/**
 * Calls back when all that was written so far is in the kernel's hands, or the socket is gone. An empty write marks the
 * place: 'drain' comes only after a write above the high-water mark, and a callback on each write would cost a tick each.
 */
export function afterFlush(socket: Socket, done: () => void): void {
  socket.write(NOTHING, done);
}

/** One buffer for a worker to build heads in, replaced while a slow socket still holds on to it. */
export class Scratch {
  #buffer: Buffer;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.#buffer = Buffer.allocUnsafeSlow(size);
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  get size(): number {
    return this.#size;
  }

  /** Writes the first `length` bytes. */
  send(socket: Socket, length: number): void {
    socket.write(this.#buffer.subarray(0, length));
    if (socket.writableLength !== 0) this.#buffer = Buffer.allocUnsafeSlow(this.#size);
  }
}
