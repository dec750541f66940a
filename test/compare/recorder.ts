import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Message, parseHead } from '../lib/message.ts';

/** Sent behind each case: who answers it has kept its place in the stream. */
export const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: sentinel.example\r\n\r\n';
/** A field of the sentinel's answer and of no other. */
export const SENTINEL_SEEN = 'X-Sentinel: seen\r\n';

/** For a proxy that keeps a connection on which it has been told that nothing more will come. */
const PATIENCE_MS = 1_000;

/** What an upstream behind a proxy got on one of its connections, read strictly. */
export interface Recorded {
  readonly message: Message | null;
  /** Content without chunk framing, latin1. */
  readonly content: string;
  /** Why there is no whole message; empty: there is. */
  readonly flaw: string;
}

interface Reading {
  readonly recorded: Recorded;
  readonly end: number;
}

/**
 * The upstream of one lane. It answers each whole request with 200 and the request's target, and closes; or, as a misbehaving
 * upstream, with the bytes of `script`.
 */
export class Recorder {
  readonly server: Server;
  recorded: Recorded[] = [];
  /** Answers every request but the sentinel instead. */
  script: string | null = null;
  readonly #sockets = new Set<Socket>();
  #settled: () => void = () => {};

  constructor() {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  reset(script: string | null): void {
    this.recorded = [];
    this.script = script;
  }

  /** Resolves when the proxy has let go of all its connections; those that it keeps are ended. */
  async settle(): Promise<void> {
    if (this.#sockets.size === 0) return;
    const patience = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, PATIENCE_MS);
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
    clearTimeout(patience);
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    let unread = '';
    let broken = false;
    this.#sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      unread += chunk.toString('latin1');
      while (!broken && unread !== '') {
        const reading = read(unread);
        if (reading === null) break;
        unread = unread.slice(reading.end);
        broken = reading.recorded.flaw !== '';
        this.recorded.push(reading.recorded);
        this.#answer(socket, reading.recorded);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!broken && unread !== '') this.recorded.push(partOf(unread));
      if (this.#sockets.size === 0) this.#settled();
    });
  }

  #answer(socket: Socket, { message }: Recorded): void {
    const { script } = this;
    if (script !== null && !isSentinel(message)) socket.end(Buffer.from(script, 'latin1'));
    else if (message === null) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else {
      const seen = isSentinel(message) ? SENTINEL_SEEN : '';
      socket.end(`HTTP/1.1 200 OK\r\n${seen}Connection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  }
}

export function isSentinel(message: Message | null): boolean {
  return message?.startLine.startsWith('GET /sentinel ') === true;
}

/** The message at the start of `bytes`; null: more is needed. */
function read(bytes: string): Reading | null {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return null;
  let message: Message;
  try {
    message = parseHead(bytes.slice(0, headEnd), 'request');
  } catch (error) {
    return { recorded: { message: null, content: '', flaw: String(error) }, end: bytes.length };
  }
  if (message.framing === 'chunked') return readChunks(bytes, headEnd, message);
  const end = headEnd + (message.framing === 'close' ? 0 : message.framing);
  if (bytes.length < end) return null;
  return { recorded: { message, content: bytes.slice(headEnd, end), flaw: '' }, end };
}

function readChunks(bytes: string, start: number, message: Message): Reading | null {
  let content = '';
  for (let at = start; ; ) {
    const line = /^([0-9a-f]{1,16})((?:;[^\r\n]*)?)\r\n/i.exec(bytes.slice(at, at + 65_536));
    if (line === null) {
      if (!bytes.slice(at).includes('\r\n')) return null;
      const flaw = `chunk size ${JSON.stringify(bytes.slice(at, at + 20))}`;
      return { recorded: { message, content, flaw }, end: bytes.length };
    }
    const size = Number.parseInt(line[1] ?? '', 16);
    if (line[2] !== '') content += `[${line[2]}]`;
    at += line[0].length;
    if (size === 0) return readTrailers(bytes, at, message, content);
    if (bytes.length < at + size + 2) return null;
    content += bytes.slice(at, at + size);
    at += size + 2;
    if (bytes.slice(at - 2, at) !== '\r\n') {
      return { recorded: { message, content, flaw: 'no CRLF behind a chunk' }, end: bytes.length };
    }
  }
}

function readTrailers(bytes: string, start: number, message: Message, content: string): Reading | null {
  if (bytes.startsWith('\r\n', start)) return { recorded: { message, content, flaw: '' }, end: start + 2 };
  const end = bytes.indexOf('\r\n\r\n', start);
  if (end < 0) return null;
  const trailers = bytes.slice(start, end).replaceAll('\r\n', ', ');
  return { recorded: { message, content: `${content}[trailers ${trailers}]`, flaw: '' }, end: end + 4 };
}

/** What came of a message that never became whole. */
function partOf(bytes: string): Recorded {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return { message: null, content: '', flaw: 'part of a head' };
  try {
    return { message: parseHead(bytes.slice(0, headEnd), 'request'), content: '', flaw: 'part of a body' };
  } catch (error) {
    return { message: null, content: '', flaw: String(error) };
  }
}
