import { ChunkedDecoder } from '../../src/http1/chunked.ts';
import { COMPLETE, INVALID } from '../../src/http1/parse-status.ts';
import type { RequestReason, ResponseReason } from '../../src/http1/reason.ts';
import { RequestHead } from '../../src/http1/request-head.ts';
import { CHUNKED, CLOSE, LENGTH, ResponseHead } from '../../src/http1/response-head.ts';

/** What the codec makes of a stream of messages. */
export interface Reading {
  /**
   * Incomplete: the last message wants more bytes. Closed: its body ends with the connection. Left: there are bytes behind a message
   * after which the connection closes.
   */
  readonly verdict: 'accepted' | 'incomplete' | 'closed' | 'left' | RequestReason | ResponseReason;
  /** Whole ones. */
  readonly messages: number;
  /** Bytes of content in all. */
  readonly content: number;
  /** Where the message begins that the verdict is about. */
  readonly at: number;
}

const LIMITS = { requestLineBytes: 8_192, headerBytes: 16_384, headers: 100 };
const CHUNKED_LIMITS = { chunkExtensionBytes: 4_096, trailerBytes: 16_384, trailers: 100 };

/** Reads requests until the bytes are used up, `most` are read, or one is refused. */
export function readRequests(bytes: Buffer, most: number): Reading {
  const head = new RequestHead(LIMITS);
  let at = 0;
  let content = 0;
  for (let messages = 0; ; messages += 1) {
    const done = { messages, content, at };
    // RFC 9112 2.2: empty lines are nothing.
    if (messages > 0 && (messages === most || /^(\r\n)*$/.test(bytes.toString('latin1', at)))) {
      return { verdict: 'accepted', ...done };
    }
    if (messages > 0 && !head.keepAlive) return { verdict: 'left', ...done };
    head.reset();
    const status = head.parse(bytes, at, bytes.length);
    if (status === INVALID) return { verdict: head.reason, ...done };
    if (status !== COMPLETE) return { verdict: 'incomplete', ...done };
    const body = readBody(bytes, at + head.length, head.chunked, Math.max(0, head.contentLength));
    if (body.verdict !== 'accepted') return { verdict: body.verdict, ...done };
    content += body.content;
    at = body.end;
  }
}

/** Reads one response, and the interim ones before it. */
export function readResponse(bytes: Buffer, toHead: boolean): Reading {
  const head = new ResponseHead(LIMITS);
  let at = 0;
  for (let messages = 0; ; messages += 1) {
    head.reset(toHead);
    const status = head.parse(bytes, at, bytes.length);
    if (status === INVALID) return { verdict: head.reason, messages, content: 0, at };
    if (status !== COMPLETE) return { verdict: 'incomplete', messages, content: 0, at };
    at += head.length;
    if (head.informational && head.status !== 101 && at < bytes.length) continue;
    if (head.bodyKind === CLOSE) return { verdict: 'closed', messages: 0, content: bytes.length - at, at };
    const length = head.bodyKind === LENGTH ? head.contentLength : 0;
    const { verdict, content } = readBody(bytes, at, head.bodyKind === CHUNKED, length);
    return { verdict, messages: verdict === 'accepted' ? messages + 1 : messages, content, at };
  }
}

/** Reads a chunked body that begins with the bytes. */
export function readChunked(bytes: Buffer): Reading {
  const { verdict, content } = readBody(bytes, 0, true, 0);
  return { verdict, messages: verdict === 'accepted' ? 1 : 0, content, at: 0 };
}

interface BodyReading {
  readonly verdict: Reading['verdict'];
  readonly content: number;
  readonly end: number;
}

function readBody(bytes: Buffer, start: number, chunked: boolean, length: number): BodyReading {
  if (!chunked) {
    const end = start + length;
    return { verdict: end > bytes.length ? 'incomplete' : 'accepted', content: length, end };
  }
  const decoder = new ChunkedDecoder(CHUNKED_LIMITS);
  let content = 0;
  let at = start;
  while (at < bytes.length && !decoder.done) {
    if (decoder.decode(bytes, at, bytes.length) === INVALID) return { verdict: decoder.reason, content, end: at };
    for (let i = 0; i < decoder.dataCount; i += 1)
      content += (decoder.data[2 * i + 1] ?? 0) - (decoder.data[2 * i] ?? 0);
    at = decoder.consumed;
  }
  return { verdict: decoder.done ? 'accepted' : 'incomplete', content, end: at };
}
