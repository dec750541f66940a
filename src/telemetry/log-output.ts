import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const STANDARD_OUTPUT = 1;
/** With a reader that stands still, lines beyond this are dropped rather than memory or the thread held. */
const MAX_WAITING_BYTES = 1 << 20;
const RETRY_MS = 10;
/** How long the end of a process waits for a reader that is merely slow. */
const LAST_WORDS_MS = 100;

/**
 * Standard output for the log: a line is written at once, and where the pipe is full it waits. A thread that blocked
 * there would serve nobody, and could not even be told to end. Errors (a full disk, no reader) are ignored.
 */
export class LogOutput implements DestinationStream {
  /** -1: not open yet. A silent logger never writes. */
  #fd = -1;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #retry: NodeJS.Timeout | null = null;

  write(line: string): void {
    if (this.#fd === -1) this.#open();
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#retry === null) this.#send();
  }

  #open(): void {
    this.#fd = openWithoutBlocking();
    process.once('exit', () => this.#lastWords());
  }

  /** Writes what waits, in order, as far as the pipe takes it. */
  #send(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const sent = this.#sent(next);
      if (sent < next.length) this.#waiting[0] = next.subarray(sent);
      else this.#waiting.shift();
      this.#waitingBytes -= sent;
      if (sent < next.length) break;
    }
    if (this.#waiting.length === 0) {
      if (this.#retry !== null) clearInterval(this.#retry);
      this.#retry = null;
    } else this.#retry ??= setInterval(() => this.#send(), RETRY_MS).unref();
  }

  /** Bytes that are done with. */
  #sent(bytes: Buffer): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      const full = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      return full ? 0 : bytes.length;
    }
  }

  #lastWords(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const deadline = performance.now() + LAST_WORDS_MS;
    while (this.#waiting.length > 0 && performance.now() < deadline) {
      Atomics.wait(pause, 0, 0, RETRY_MS);
      this.#send();
    }
  }
}

/**
 * A pipe is opened anew: O_NONBLOCK belongs to the open file, which is shared with whoever else writes to it, and among
 * those the access log wants to wait. Whatever is not a pipe, or cannot be opened again, is used as it is.
 */
function openWithoutBlocking(): number {
  try {
    if (!fstatSync(STANDARD_OUTPUT).isFIFO()) return STANDARD_OUTPUT;
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return STANDARD_OUTPUT;
  }
}
