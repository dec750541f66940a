/** A whole response. */
export interface Response {
  readonly status: number;
  /** By name in lower case; of a repeated field the last value. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the connection may carry another request (RFC 9112 9.3). */
  readonly persistent: boolean;
}

/** What came is not HTTP/1.1. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
}

const EMPTY = Buffer.alloc(0);

export interface ResponseReaderOptions {
  /** It answers HEAD: a head is all there is. */
  readonly head?: boolean;
  /** Other responses may follow: what is beyond the end is `rest`, and no mistake. */
  readonly pipelined?: boolean;
}

/** Reads one response from a connection: a strict reader that forgives nothing a proxy must not send. */
export class ResponseReader {
  /** Interim responses so far. */
  interims = 0;
  readonly #isHead: boolean;
  readonly #pipelined: boolean;
  #rest: Buffer = EMPTY;
  #head: { status: number; fields: Map<string, string>; persistent: boolean } | null = null;
  #state: 'head' | 'counted' | 'size' | 'data' | 'trailers' | 'to the end' = 'head';
  #missing = 0;
  readonly #body: Buffer[] = [];

  constructor({ head = false, pipelined = false }: ResponseReaderOptions = {}) {
    this.#isHead = head;
    this.#pipelined = pipelined;
  }

  /** Of the final response, as soon as its head is there. */
  get status(): number | null {
    return this.#head?.status ?? null;
  }

  /** What follows the response. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** Null: more is needed. Throws `ResponseError`, also for bytes beyond the response's end. */
  push(bytes: Buffer): Response | null {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (true) {
      const before = this.#state;
      const left = this.#rest.length;
      if (this.#step()) return this.#finish(true);
      if (this.#rest.length === left && this.#state === before) return null;
    }
  }

  /** The connection has ended. Null: in the middle of the response. */
  end(): Response | null {
    return this.#state === 'to the end' ? this.#finish(false) : null;
  }

  /** True: the response is complete. */
  #step(): boolean {
    if (this.#state === 'head') return this.#readHead();
    if (this.#state === 'size') return this.#readSize();
    if (this.#state === 'trailers') return this.#line() === '';
    if (this.#state !== 'to the end') return this.#readBytes();
    this.#take(this.#rest.length);
    return false;
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const [first = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n');
    this.#rest = this.#rest.subarray(end + 4);
    const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new ResponseError(`not a status line: ${JSON.stringify(first.slice(0, 60))}`);
    // RFC 9110 15.2: an interim response is no answer yet. What follows 101 is not HTTP.
    if (status < 200 && status !== 101) {
      this.interims += 1;
      return false;
    }
    const fields = new Map(lines.map(field));
    const close = /\bclose\b/i.test(fields.get('connection') ?? '') || first.startsWith('HTTP/1.0');
    this.#head = { status, fields, persistent: !close };
    return this.#frame(status, fields);
  }

  /** RFC 9112 6.3. */
  #frame(status: number, fields: ReadonlyMap<string, string>): boolean {
    if (this.#isHead || status === 101 || status === 204 || status === 304) return true;
    const coding = fields.get('transfer-encoding');
    const length = fields.get('content-length');
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw new ResponseError(`transfer-encoding ${coding}`);
      if (length !== undefined) throw new ResponseError('both transfer-encoding and content-length');
      this.#state = 'size';
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) throw new ResponseError(`content-length ${length}`);
      this.#missing = Number(length);
      this.#state = 'counted';
      return this.#missing === 0;
    } else {
      this.#state = 'to the end';
    }
    return false;
  }

  #readBytes(): boolean {
    const count = Math.min(this.#missing, this.#rest.length);
    this.#take(count);
    this.#missing -= count;
    if (this.#missing > 0) return false;
    if (this.#state === 'counted') return true;
    const line = this.#line();
    if (line === null) return false;
    if (line !== '') throw new ResponseError('a chunk is longer than it says');
    this.#state = 'size';
    return false;
  }

  #readSize(): boolean {
    const line = this.#line();
    if (line === null) return false;
    const size = /^([\da-f]{1,8})(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new ResponseError(`not a chunk size: ${JSON.stringify(line.slice(0, 40))}`);
    this.#missing = Number.parseInt(size, 16);
    this.#state = this.#missing === 0 ? 'trailers' : 'data';
    return false;
  }

  #line(): string | null {
    const end = this.#rest.indexOf('\r\n');
    if (end === -1) return null;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  #take(count: number): void {
    if (count === 0) return;
    this.#body.push(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
  }

  #finish(framed: boolean): Response | null {
    if (this.#head === null) return null;
    if (this.#rest.length > 0 && !this.#pipelined)
      throw new ResponseError(`${this.#rest.length} bytes beyond the response's end`);
    const { status, fields, persistent } = this.#head;
    return { status, fields, body: Buffer.concat(this.#body), persistent: persistent && framed };
  }
}

function field(line: string): [string, string] {
  const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null) throw new ResponseError(`not a field line: ${JSON.stringify(line.slice(0, 60))}`);
  return [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
}
