import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino, stdTimeFunctions } from 'pino';

/** One request that has ended. A text that does not apply is empty. */
export interface AccessEntry {
  /** Address of the client's end of the connection. */
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** The query is cut off here: it may hold secrets. */
  readonly path: string;
  readonly status: number;
  readonly duration_ms: number;
  /** Bytes of the bodies. */
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly route: string;
  readonly version: string;
  readonly role: string;
  /** What chose the version: a header rule's label, `experiment`, `weight`. */
  readonly rule: string;
  /** Reason of the fallback. */
  readonly fallback: string;
  /** `host:port` of the endpoint that answered. */
  readonly upstream: string;
  /** Why it failed. */
  readonly reason: string;
}

export interface AccessLogOptions {
  /** File descriptor or path; standard output unless given. */
  readonly destination?: number | string;
}

/**
 * PIPE_BUF on Linux. A write of no more than this is never mixed with another thread's or process's on the same pipe
 * (pipe(7)), and the destination puts only whole lines into one write.
 */
const MAX_WRITE_BYTES = 4096;
/** Lines wait until there are this many bytes... */
const MIN_WRITE_BYTES = 3072;
/** ...or this many milliseconds are over. */
const FLUSH_INTERVAL_MS = 250;
/** With a reader that stands still, lines beyond this are dropped and counted, rather than memory or requests held. */
const MAX_WAITING_BYTES = 1 << 20;
/**
 * A flush of the destination ends what is being written and leaves up to MIN_WRITE_BYTES; the second writes those, or
 * waits for the periodic flush that has begun to; the third is for the line that tells of dropped ones. (Its flushSync
 * overtakes a write under way, and never returns from a full disk.)
 */
const FLUSH_ROUNDS = 3;
/** A drain that is over must not wait longer for the reader of a log; a megabyte is out sooner where there is one. */
const FLUSH_MS = 500;
/** So that a line stays below MAX_WRITE_BYTES, escapes included. */
const MAX_TEXT = 255;
const MAX_PATH = 1000;

/**
 * Writes a line of JSON for each request. Made only where the access log is on, and in worker threads: on the main
 * thread pino flushes at exit, and would not come back from a full disk.
 */
export class AccessLog {
  readonly #destination;
  readonly #logger: Logger;
  #dropped = 0;

  constructor({ destination = 1 }: AccessLogOptions = {}) {
    this.#destination = pino.destination({
      dest: destination,
      sync: false,
      minLength: MIN_WRITE_BYTES,
      maxWrite: MAX_WRITE_BYTES,
      maxLength: MAX_WAITING_BYTES,
      periodicFlush: FLUSH_INTERVAL_MS,
    });
    this.#destination.on('drop', () => {
      this.#dropped++;
    });
    // A full disk must not end a worker. The lines are tried again, and in time dropped and counted.
    this.#destination.on('error', () => {});
    this.#destination.on('drain', () => this.#reportDropped());
    this.#logger = pino(
      {
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        // In the level's place: tells these lines from the log's on the same stream.
        formatters: { level: () => ({ log: 'access' }) },
      },
      this.#destination,
    );
  }

  write(entry: AccessEntry): void {
    const query = entry.path.indexOf('?');
    this.#logger.info({
      ...entry,
      method: entry.method.slice(0, MAX_TEXT),
      host: entry.host.slice(0, MAX_TEXT),
      path: entry.path.slice(0, query === -1 ? MAX_PATH : Math.min(query, MAX_PATH)),
      duration_ms: Math.round(entry.duration_ms * 1000) / 1000,
    });
  }

  /**
   * Resolves when every line written before is out, or cannot be, or the reader has stood still for FLUSH_MS. For the end
   * of a thread: what waits is lost with it.
   */
  async flush(): Promise<void> {
    const late = new AbortController();
    await Promise.race([this.#flushAll(), sleep(FLUSH_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }

  async #flushAll(): Promise<void> {
    for (let round = 0; round < FLUSH_ROUNDS; round++) {
      // Its error is no news: fsync refuses a pipe, and a failed write has been an `error` event.
      await new Promise<void>((resolve) => this.#destination.flush(() => resolve()));
    }
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#logger.info({ dropped });
  }
}
