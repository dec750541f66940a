import { Socket } from 'node:net';

/**
 * A socket that is read to its end although a write has failed. A server that answers before it has the whole request, and
 * closes (413, say), resets the connection as soon as more of the request arrives. The answer is still in our kernel's hands
 * then, but Node.js destroys a socket at its first failed write, and what was not read yet is lost (RFC 9112 9.6 tells of it).
 */
export class UpstreamSocket extends Socket {
  #failed: Error | null = null;

  /** Puts the end off until what has arrived was read: the kernel tells of it by an error or FIN right behind the last byte. */
  override destroy(error?: Error): this {
    if (this.#failed === null && !this.readableEnded && error !== undefined && isWriteError(error)) {
      this.#failed = error;
      return this;
    }
    return super.destroy(error);
  }

  /** Null: FIN. A stream that knows of an error emits no `end`, so nobody would hear of it. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null && this.#failed !== null) {
      super.destroy(this.#failed);
      return false;
    }
    return super.push(chunk, encoding);
  }
}

function isWriteError(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'write';
}
