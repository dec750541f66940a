import { connect, type Socket } from 'node:net';
import { type Response, ResponseError, ResponseReader } from '../../cluster/load/response-reader.ts';

/** What came of a request. */
export interface Outcome {
  /** Null: it is not whole. */
  readonly response: Response | null;
  /** The status of what came, whole or not; null: no head came. */
  readonly status: number | null;
  /** Why it is not whole. */
  readonly error: string;
}

/** Longer than every timeout of the configuration. */
const PATIENCE_MS = 20_000;

interface Awaited {
  readonly reader: ResponseReader;
  readonly settle: (outcome: Outcome) => void;
  /** Told when a byte of a response, and when an interim response, has come. */
  readonly onByte: () => void;
  readonly onInterim: () => void;
}

/** A connection of a client that does whatever it wants, byte by byte. */
export class Talk {
  readonly socket: Socket;
  readonly #awaited: Awaited[] = [];
  readonly #timer: NodeJS.Timeout;
  #restMs = 0;
  #over = '';
  /** After 101: who gets the bytes. */
  #tunnel: ((bytes: Buffer) => void) | null = null;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#timer = setTimeout(() => this.#end(`nothing came for ${PATIENCE_MS} ms`), PATIENCE_MS);
    this.socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.socket.on('error', (error) => this.#end(error.message));
    this.socket.on('end', () => this.#onFin());
    this.socket.on('close', () => this.#end('the connection closed'));
  }

  /** Reads slowly: rests so long after each piece. */
  rest(ms: number): void {
    this.#restMs = ms;
  }

  send(bytes: string | Buffer): void {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
  }

  /** The answer to the next request that is sent. The callbacks are for those who leave before. */
  answer({ head = false, onByte = nothing, onInterim = nothing } = {}): Promise<Outcome> {
    if (this.#over !== '') return Promise.resolve({ response: null, status: null, error: this.#over });
    const reader = new ResponseReader({ head, pipelined: true });
    return new Promise((settle) => this.#awaited.push({ reader, settle, onByte, onInterim }));
  }

  /** Resolves when so many bytes have come through the tunnel that 101 has made; false: it closed before. */
  tunnelled(count: number): Promise<boolean> {
    let left = count;
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve(false));
      this.#tunnel = (bytes) => {
        left -= bytes.length;
        if (left <= 0) resolve(left === 0);
      };
    });
  }

  /** Resolves when all that was written is with the kernel. */
  written(): Promise<void> {
    return new Promise((resolve) => this.socket.write('', () => resolve()));
  }

  /** A FIN where nothing is unread, else a reset. */
  leave(): void {
    this.socket.destroy();
    this.#end('left');
  }

  reset(): void {
    this.socket.resetAndDestroy();
    this.#end('left');
  }

  #read(bytes: Buffer): void {
    this.#timer.refresh();
    if (this.#restMs > 0) {
      this.socket.pause();
      setTimeout(() => this.socket.resume(), this.#restMs);
    }
    if (this.#tunnel !== null) {
      this.#tunnel(bytes);
      return;
    }
    let rest = bytes;
    while (rest.length > 0) {
      const [next] = this.#awaited;
      if (next === undefined) {
        this.#end('bytes that nobody asked for');
        return;
      }
      const { reader } = next;
      try {
        const response = reader.push(rest);
        next.onByte();
        if (reader.interims > 0) next.onInterim();
        if (response === null) return;
        rest = reader.rest;
        this.#awaited.shift();
        next.settle({ response, status: response.status, error: '' });
      } catch (error) {
        if (!(error instanceof ResponseError)) throw error;
        this.#end(error.message);
        this.socket.destroy();
        return;
      }
    }
  }

  #onFin(): void {
    const response = this.#awaited[0]?.reader.end() ?? null;
    if (response !== null) this.#awaited.shift()?.settle({ response, status: response.status, error: '' });
    this.#end('the connection ended');
  }

  #end(why: string): void {
    if (this.#over === '') this.#over = why;
    clearTimeout(this.#timer);
    for (const { reader, settle } of this.#awaited.splice(0)) {
      settle({ response: null, status: reader.status, error: why });
    }
  }
}

function nothing(): void {}
