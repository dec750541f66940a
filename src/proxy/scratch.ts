import type { Socket } from 'node:net';
import { isTlsClient } from './tls-client-socket.ts';

/**
 * What a TLS client has yet to be sent before it counts as slow. Node ends no write under TLS before the next turn of the
 * event loop: to wait for each, and to take new buffers meanwhile, let a quarter of the requests through.
 */
const TLS_QUEUE_BYTES = 32_768;

/** What was written is in nobody's way: its buffer may be reused, and more may be written. */
export function flushed(socket: Socket): boolean {
  return socket.writableLength === 0 || (isTlsClient(socket) && socket.writableLength <= TLS_QUEUE_BYTES);
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

  /** Writes the first `length` bytes. @param slow the socket never takes them at once: TLS to an upstream */
  send(socket: Socket, length: number, slow = false): void {
    const head = this.#buffer.subarray(0, length);
    if (slow || socket.connecting || (socket.writableLength !== 0 && !isTlsClient(socket))) {
      // It has to wait, and a copy of its own size is far less than a buffer of ours.
      socket.write(Buffer.from(head));
      return;
    }
    socket.write(head);
    if (socket.writableLength !== 0 && !isTlsClient(socket)) {
      this.#buffer = Buffer.allocUnsafeSlow(this.#size);
    }
  }
}
