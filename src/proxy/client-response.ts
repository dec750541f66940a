import { Field } from '../http1/fields.ts';
import { writeBytes, writeCrlf, writeFields } from '../http1/head-writer.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { TrailerNames } from '../http1/trailer-names.ts';
import { keepUpgrade } from '../http1/upgrade.ts';
import { type Cause, statusLine } from './causes.ts';
import { trailerLine } from './trailer-fields.ts';

const HTTP_1_1 = Buffer.from('HTTP/1.1 ', 'latin1');
/** By the minor version that the upstream speaks. */
const VIA = [Buffer.from('via: 1.0 headgate\r\n', 'latin1'), Buffer.from('via: 1.1 headgate\r\n', 'latin1')] as const;
const CHUNKED = Buffer.from('transfer-encoding: chunked\r\n', 'latin1');
const CLOSE = Buffer.from('connection: close\r\n', 'latin1');
const UPGRADE = Buffer.from('connection: upgrade\r\n', 'latin1');
const KEEP_ALIVE = Buffer.from('connection: keep-alive\r\n', 'latin1');
const KEEP_CONTENT_LENGTH = 0;
const DROP_CONTENT_LENGTH = 1 << Field.CONTENT_LENGTH;

/** What the writer of a response head has to know besides the upstream's head. */
export interface ResponseHeadOptions {
  /** The client speaks HTTP/1.0. */
  readonly http10: boolean;
  /** The client connection stays open after this response. */
  readonly keepAlive: boolean;
  /** Send the body in chunks. */
  readonly chunked: boolean;
  /** The trailers that are passed on; null: none. */
  readonly trailers: TrailerNames | null;
  /** The version header's line, or empty. */
  readonly versionLine: Buffer;
  /** `date: ...` CRLF, used where the upstream sent none. */
  readonly dateLine: Buffer;
}

/** The final response's head as the client gets it. Returns the length of what was written from 0. */
export function writeResponseHead(
  out: Buffer,
  bytes: Buffer,
  head: ResponseHead,
  options: ResponseHeadOptions,
): number {
  let at = writeStatusLine(out, bytes, head);
  const skip = options.chunked ? DROP_CONTENT_LENGTH : KEEP_CONTENT_LENGTH;
  at = writeFields(out, at, bytes, head.base, head.length, head.fields, skip);
  at = writeBytes(out, at, VIA[head.minor]);
  if (options.versionLine.length > 0) at = writeBytes(out, at, options.versionLine);
  // RFC 9110 6.6.1: a recipient with a clock adds Date where it is missing.
  if (!head.hasDate) at = writeBytes(out, at, options.dateLine);
  if (options.chunked) {
    at = writeBytes(out, at, CHUNKED);
    if (options.trailers !== null && head.chunked) {
      at += out.write(trailerLine(bytes, head.fields, options.trailers), at, 'latin1');
    }
  }
  if (!options.keepAlive) at = writeBytes(out, at, CLOSE);
  else if (options.http10) at = writeBytes(out, at, KEEP_ALIVE);
  return writeCrlf(out, at);
}

/** An interim (1xx) response's head, passed on as it is without hop-by-hop fields. */
export function writeInterimHead(out: Buffer, bytes: Buffer, head: ResponseHead): number {
  const at = writeStatusLine(out, bytes, head);
  return writeCrlf(out, writeFields(out, at, bytes, head.base, head.length, head.fields, 0));
}

/** The head of a 101, which ends HTTP on this connection: with Connection and Upgrade, which concern both hops then. */
export function writeSwitchingHead(out: Buffer, bytes: Buffer, head: ResponseHead, versionLine: Buffer): number {
  keepUpgrade(head.fields);
  let at = writeStatusLine(out, bytes, head);
  at = writeFields(out, at, bytes, head.base, head.length, head.fields, 0);
  at = writeBytes(out, at, VIA[head.minor]);
  if (versionLine.length > 0) at = writeBytes(out, at, versionLine);
  return writeCrlf(out, writeBytes(out, at, UPGRADE));
}

function writeStatusLine(out: Buffer, bytes: Buffer, head: ResponseHead): number {
  let at = writeBytes(out, 0, HTTP_1_1);
  const status = head.status;
  out[at] = 0x30 + Math.floor(status / 100);
  out[at + 1] = 0x30 + (Math.floor(status / 10) % 10);
  out[at + 2] = 0x30 + (status % 10);
  out[at + 3] = 0x20;
  at += 4;
  at += bytes.copy(out, at, head.base + head.reasonStart, head.base + head.reasonEnd);
  return writeCrlf(out, at);
}

/** An answer that Headgate makes itself: one line of plain text with the cause's name, nothing of the topology. */
export function localResponse(
  status: Cause['status'],
  name: string,
  options: { head: boolean; close: boolean; date: string },
): Buffer {
  const body = `${name}\n`;
  const allow = status === 405 ? 'allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n' : '';
  return Buffer.from(
    `HTTP/1.1 ${statusLine(status)}\r\nserver: headgate\r\n${options.date}${allow}content-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${body.length}\r\n${options.close ? 'connection: close\r\n' : ''}\r\n${options.head ? '' : body}`,
    'latin1',
  );
}
