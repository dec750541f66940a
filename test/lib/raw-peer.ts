import type { Socket } from 'node:net';
import { type Message, parseHead, type RequestSide } from './message.ts';

/** Lets the event loop go round once, so that what was written arrives in a read of its own. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A wait that takes longer has failed; nothing here needs a tenth of it. */
const PATIENCE_MS = 10_000;

/** One end of a TCP connection with no HTTP implementation behind it: sends any bytes, and reads messages strictly. */
export class RawPeer {
  readonly socket: Socket;
  /** What has arrived and has not been read. */
  unread: Buffer = Buffer.alloc(0);
  /** The other side has sent FIN. */
  ended = false;
  /** The connection is gone. */
  closed = false;
  /** The system's code of the error that ended the connection, ECONNRESET for example. */
  error = '';
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
      this.#wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** Text is latin1: one character, one byte. */
  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends each piece so that it arrives on its own. Stops when the other side has closed. */
  async sendEach(pieces: Iterable<string>): Promise<void> {
    // Into the phase of setImmediate: from there one turn has exactly one phase of reading in it.
    await turn();
    for (const piece of pieces) {
      if (this.closed || !this.socket.writable) return;
      this.send(piece);
      await turn();
    }
  }

  /** Resolves when it holds; rejects when the connection ends before. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = setTimeout(() => this.socket.destroy(new Error('PATIENCE')), PATIENCE_MS);
    try {
      while (!holds()) {
        if (this.closed) throw new Error(`connection closed (${this.error}) before ${what}; unread: ${this.text()}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  async read(count: number): Promise<Buffer> {
    await this.until(() => this.unread.length >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** Reads through the first `delimiter`. */
  async readThrough(delimiter: string): Promise<string> {
    await this.until(() => this.unread.includes(delimiter), JSON.stringify(delimiter));
    return this.#take(this.unread.indexOf(delimiter) + delimiter.length).toString('latin1');
  }

  /** The next request. Rejects when the connection ends before it is complete. */
  readRequest(): Promise<Message> {
    return this.#readMessage('request');
  }

  /** The next response, 1xx included. Rejects when the connection ends before it is complete. */
  readResponse(to: RequestSide = {}): Promise<Message> {
    return this.#readMessage(to);
  }

  /** The next response that is not 1xx. */
  async readFinal(to: RequestSide = {}): Promise<Message> {
    for (;;) {
      const response = await this.readResponse(to);
      if (response.status >= 200) return response;
    }
  }

  /** How the other side ended the connection: `end` is an orderly FIN. */
  async ending(): Promise<'end' | 'reset'> {
    await this.until(() => this.ended || this.closed, 'the end');
    return this.ended ? 'end' : 'reset';
  }

  /** Resolves when the connection is gone. */
  async gone(): Promise<void> {
    await this.until(() => this.closed, 'the close');
  }

  /** Unread bytes for messages. */
  text(): string {
    return this.unread.toString('latin1', 0, 2000);
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #readMessage(side: 'request' | RequestSide): Promise<Message> {
    const head = await this.readThrough('\r\n\r\n');
    const message = parseHead(head, side);
    const { framing } = message;
    if (framing === 'chunked') await this.#readChunks(message);
    else if (framing === 'close') {
      if ((await this.ending()) !== 'end') throw new Error(`reset within a body: ${this.text()}`);
      message.body = this.#take(this.unread.length);
    } else message.body = await this.read(framing);
    return message;
  }

  async #readChunks(message: Message): Promise<void> {
    const parts: Buffer[] = [];
    for (;;) {
      const line = await this.readThrough('\r\n');
      if (!/^[0-9a-f]+\r\n$/i.test(line)) throw new Error(`not a bare chunk size: ${JSON.stringify(line)}`);
      const size = Number.parseInt(line, 16);
      message.chunks.push(size);
      if (size > 0) parts.push(await this.read(size));
      const end = (await this.read(2)).toString('latin1');
      if (end !== '\r\n') throw new Error(`no CRLF after a chunk but ${JSON.stringify(end)}`);
      if (size === 0) break;
    }
    message.body = Buffer.concat(parts);
  }

  #take(count: number): Buffer {
    const taken = this.unread.subarray(0, count);
    this.unread = this.unread.subarray(count);
    return taken;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
