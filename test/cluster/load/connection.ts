import { connect, type Socket } from 'node:net';
import { now } from './clock.ts';
import type { FailedAttempt } from './may-repeat.ts';
import type { Outgoing } from './outgoing.ts';
import { type Response, ResponseError, ResponseReader } from './response-reader.ts';
import type { Target } from './target.ts';

/** How one attempt on one connection ended. */
export type Attempt =
  | { readonly sentAt: number; readonly response: Response }
  | { readonly sentAt: number; readonly error: string; readonly failed: FailedAttempt };

interface Exchange {
  readonly request: Outgoing;
  readonly sentAt: number;
  readonly reader: ResponseReader;
  readonly timer: NodeJS.Timeout;
  readonly done: (attempt: Attempt) => void;
  answerBegun: boolean;
  nothingWritten: boolean;
}

/** A kept connection that carries one request at a time. */
export class Connection {
  readonly target: Target;
  readonly #socket: Socket;
  readonly #closed: (connection: Connection) => void;
  readonly #surprise: (what: string) => void;
  #exchange: Exchange | null = null;
  #answered = 0;
  #open = true;

  /** `closed` is told once, when the connection can carry no further request; `surprise` of bytes that nobody asked for. */
  constructor(target: Target, closed: (connection: Connection) => void, surprise: (what: string) => void) {
    this.target = target;
    this.#closed = closed;
    this.#surprise = surprise;
    this.#socket = connect({ host: target.host, port: target.port, noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#socket.on('end', () => this.#ended());
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('the connection closed without a whole response'));
  }

  get idle(): boolean {
    return this.#open && this.#exchange === null;
  }

  /** Only on an idle connection. `done` is called once, at the earliest in a later turn of the event loop. */
  send(request: Outgoing, timeoutMs: number, done: (attempt: Attempt) => void): void {
    const timer = setTimeout(() => this.#fail(`no whole response within ${timeoutMs} ms`, true), timeoutMs);
    const exchange: Exchange = {
      request,
      sentAt: now(),
      reader: new ResponseReader(),
      timer,
      done,
      answerBegun: false,
      nothingWritten: false,
    };
    this.#exchange = exchange;
    // The head goes in a write of its own: when the kernel refuses that, nothing of the request has left.
    this.#socket.write(request.head, 'latin1', (error) => {
      if (error && 'syscall' in error && error.syscall === 'write') exchange.nothingWritten = true;
    });
    for (const piece of request.pieces) this.#socket.write(piece);
  }

  close(): void {
    this.#leave();
    this.#socket.destroySoon();
  }

  #read(bytes: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === null) {
      if (this.#open) this.#surprise(`${bytes.length} bytes on an idle connection to ${this.target.host}`);
      this.#leave();
      this.#socket.destroy();
      return;
    }
    exchange.answerBegun = true;
    try {
      const response = exchange.reader.push(bytes);
      if (response !== null) this.#answer(exchange, response);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      this.#fail(error.message);
    }
  }

  #ended(): void {
    const response = this.#exchange?.reader.end();
    if (this.#exchange && response) this.#answer(this.#exchange, response);
    this.#fail('the connection closed without a whole response');
  }

  #answer(exchange: Exchange, response: Response): void {
    clearTimeout(exchange.timer);
    this.#exchange = null;
    this.#answered += 1;
    if (!response.persistent) this.close();
    exchange.done({ sentAt: exchange.sentAt, response });
  }

  #fail(error: string, timedOut = false): void {
    this.#leave();
    this.#socket.destroy();
    const exchange = this.#exchange;
    if (exchange === null) return;
    clearTimeout(exchange.timer);
    this.#exchange = null;
    const { request, sentAt, done, answerBegun, nothingWritten } = exchange;
    const failed = { method: request.method, reused: this.#answered > 0, answerBegun, nothingWritten, timedOut };
    done({ sentAt, error, failed });
  }

  #leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closed(this);
  }
}
