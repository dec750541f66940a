import type { Socket } from 'node:net';

const EXPECTED = 'HTTP/1.1 200';
/** Where the status stands in it, and its first digit. */
const STATUS_AT = 9;
const DIGIT_TWO = 0x32;
const HEAD_END = '\r\n\r\n';
/** So much is told of an answer that was not expected. */
const FOUND_BYTES = 60;

/**
 * One connection that sends the same again as soon as all of it has been answered. Answers are told apart by their length
 * alone, that of the first one: it costs next to nothing, and an upstream whose answers are all alike is what the load is for.
 */
export class SteadyClient {
  readonly #socket: Socket;
  readonly #message: Buffer;
  /** Requests in the message. */
  readonly #requests: number;
  /** Bytes of one answer. */
  #length = 0;
  /** Bytes of the answers that are waited for. */
  #missing = 0;
  #onAnswered: () => void = () => undefined;
  #onFailure: (error: Error) => void = () => undefined;

  constructor(socket: Socket, message: Buffer, requests: number) {
    this.#socket = socket;
    this.#message = message;
    this.#requests = requests;
    socket.on('error', (error) => this.#onFailure(error));
    socket.on('close', () => this.#onFailure(new Error('a connection was closed')));
  }

  /** Sends the message once, and learns from its answers how long one is. */
  begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      let seen: Buffer = Buffer.alloc(0);
      const learn = (chunk: Buffer): void => {
        seen = Buffer.concat([seen, chunk]);
        const text = seen.toString('latin1');
        if (!text.startsWith(EXPECTED.slice(0, text.length))) this.#fail(text.slice(0, FOUND_BYTES));
        this.#length = answerLength(text);
        if (this.#length === 0 || seen.length < this.#length * this.#requests) return;
        this.#socket.off('data', learn);
        this.#socket.on('data', (more: Buffer) => this.#onData(more));
        resolve();
      };
      this.#socket.on('data', learn);
      this.#socket.write(this.#message);
    });
  }

  /** Sends the message so many times, each when the one before has been answered. */
  repeat(times: number): Promise<void> {
    let left = times;
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      this.#onAnswered = () => {
        if (left === 0) return resolve();
        left -= 1;
        this.#missing = this.#length * this.#requests;
        this.#socket.write(this.#message);
      };
      this.#onAnswered();
    });
  }

  close(): void {
    this.#onFailure = () => undefined;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const begun = (this.#length - (this.#missing % this.#length)) % this.#length;
    const first = begun === 0 ? 0 : this.#length - begun;
    for (let at = first; at + STATUS_AT < chunk.length; at += this.#length) {
      if (chunk[at + STATUS_AT] === DIGIT_TWO) continue;
      this.#fail(chunk.toString('latin1', at, at + FOUND_BYTES));
      return;
    }
    this.#missing -= chunk.length;
    if (this.#missing < 0) this.#fail('an answer of another length');
    else if (this.#missing === 0) this.#onAnswered();
  }

  #fail(found: string): void {
    this.#onFailure(new Error(`not the answer that was expected: ${found}`));
  }
}

/** Bytes of the first answer, head and body; 0 as long as its head is unfinished. */
function answerLength(text: string): number {
  const end = text.indexOf(HEAD_END);
  if (end < 0) return 0;
  return end + HEAD_END.length + Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
}
