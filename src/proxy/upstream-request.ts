import { Field } from '../http1/fields.ts';
import { writeBytes, writeCrlf, writeField, writeFields } from '../http1/head-writer.ts';
import { Method } from '../http1/method.ts';
import { ABSOLUTE, type RequestHead } from '../http1/request-head.ts';
import type { TrailerNames } from '../http1/trailer-names.ts';
import { forwardedFor } from './peer.ts';
import { teLines, trailerLine } from './trailer-fields.ts';

const HTTP_1_1 = Buffer.from(' HTTP/1.1\r\n', 'latin1');
const HOST = Buffer.from('host: ', 'latin1');
const FORWARDED_FOR = Buffer.from('x-forwarded-for: ', 'latin1');
const FORWARDED_HOST = Buffer.from('x-forwarded-host: ', 'latin1');
const COMMA = Buffer.from(', ', 'latin1');
const CHUNKED = Buffer.from('transfer-encoding: chunked\r\n', 'latin1');
const UPGRADE = Buffer.from('connection: upgrade\r\n', 'latin1');
const VIA = ['via: 1.0 headgate\r\n', 'via: 1.1 headgate\r\n'] as const;
const VIA_LINES = [Buffer.from(VIA[0], 'latin1'), Buffer.from(VIA[1], 'latin1')] as const;

const bit = (field: number): number => 1 << field;
/** What an untrusted peer says of the hops before it is thrown away, and so is what is written anew. */
const UNTRUSTED =
  bit(Field.X_FORWARDED_FOR) | bit(Field.X_FORWARDED_PROTO) | bit(Field.X_FORWARDED_HOST) | bit(Field.FORWARDED);

/** A client as the upstream is told of it; made once for each client connection. */
export class ClientIdentity {
  readonly address: string;
  readonly trusted: boolean;
  /** It came by TLS. */
  readonly secure: boolean;
  /** The field lines that are the same for every request of an untrusted client, by the minor version of HTTP. */
  readonly lines: readonly [Buffer, Buffer];
  /** The end of X-Forwarded-For, and X-Forwarded-Proto, for a trusted one. */
  readonly addressEnd: Buffer;
  readonly protoLine: Buffer;

  constructor(address: string, trusted: boolean, secure: boolean) {
    this.address = address;
    this.trusted = trusted;
    this.secure = secure;
    const protoLine = `x-forwarded-proto: ${secure ? 'https' : 'http'}\r\n`;
    this.addressEnd = Buffer.from(`${address}\r\n`, 'latin1');
    this.protoLine = Buffer.from(protoLine, 'latin1');
    const lines = `x-forwarded-for: ${address}\r\n${protoLine}`;
    this.lines = [Buffer.from(lines + VIA[0], 'latin1'), Buffer.from(lines + VIA[1], 'latin1')];
  }
}

/**
 * Writes the head that goes to the upstream: origin-form, HTTP/1.1, hop-by-hop fields removed (RFC 9110 7.6.1), Via and
 * X-Forwarded-* set.
 *
 * @param out has room for the request's head and 1 KiB more.
 * @param upstreamHost stands in for Host where an HTTP/1.0 client sent none.
 * @param trailers those that are passed on; null: none.
 * @returns the length of what was written from 0.
 */
export function writeUpstreamRequest(
  out: Buffer,
  bytes: Buffer,
  head: RequestHead,
  client: ClientIdentity,
  upstreamHost: string,
  trailers: TrailerNames | null,
): number {
  const base = head.base;
  let at = bytes.copy(out, 0, base + head.methodStart, base + head.methodEnd);
  out[at] = 0x20;
  at += 1;
  if (head.pathStart === head.queryStart) {
    // An absolute-form target without a path. RFC 9112 3.2.4: for OPTIONS it means the server itself.
    const asterisk = head.method === Method.OPTIONS && head.pathStart === head.pathEnd;
    out[at] = asterisk ? 0x2a : 0x2f;
    at += 1;
  }
  at += bytes.copy(out, at, base + head.pathStart, base + head.pathEnd);
  at = writeBytes(out, at, HTTP_1_1);
  let skip = client.trusted ? 0 : UNTRUSTED;
  if (head.targetForm === ABSOLUTE || head.hostStart < 0) {
    // RFC 9112 3.2.2: the authority of an absolute-form target replaces the Host field.
    skip |= bit(Field.HOST);
    if (head.hostStart >= 0) at = writeField(out, at, HOST, bytes, base + head.hostStart, base + head.hostEnd);
    else at += out.write(`host: ${upstreamHost}\r\n`, at, 'latin1');
  }
  if (head.method === Method.OPTIONS && head.maxForwards > 0) {
    skip |= bit(Field.MAX_FORWARDS);
    at += out.write(`max-forwards: ${head.maxForwards - 1}\r\n`, at, 'latin1');
  }
  if (client.trusted) return finishTrusted(out, at, bytes, head, client, skip, trailers);
  at = writeFields(out, at, bytes, base, head.length, head.fields, skip);
  at = writeBytes(out, at, client.lines[head.minor]);
  if (head.hostStart >= 0) at = writeField(out, at, FORWARDED_HOST, bytes, base + head.hostStart, base + head.hostEnd);
  return finish(out, at, bytes, head, trailers);
}

function finish(out: Buffer, at: number, bytes: Buffer, head: RequestHead, trailers: TrailerNames | null): number {
  if (head.chunked) at = writeBytes(out, at, CHUNKED);
  if (head.upgrade) at = writeBytes(out, at, UPGRADE);
  else if (trailers !== null && head.minor === 1) {
    at += out.write(teLines(bytes, head.fields), at, 'latin1');
    if (head.chunked) at += out.write(trailerLine(bytes, head.fields, trailers), at, 'latin1');
  }
  return writeCrlf(out, at);
}

/** A trusted proxy's X-Forwarded-* are kept, and its own address is appended to the lists. */
function finishTrusted(
  out: Buffer,
  at: number,
  bytes: Buffer,
  head: RequestHead,
  client: ClientIdentity,
  skip: number,
  trailers: TrailerNames | null,
): number {
  const { base, fields } = head;
  let present = 0;
  at = writeFields(out, at, bytes, base, head.length, fields, skip | bit(Field.X_FORWARDED_FOR) | bit(Field.FORWARDED));
  at = writeBytes(out, at, FORWARDED_FOR);
  for (let i = 0; i < fields.count; i += 1) {
    const id = fields.ids[i] ?? Field.OTHER;
    present |= bit(id);
    if (id !== Field.X_FORWARDED_FOR) continue;
    at += bytes.copy(out, at, base + (fields.positions[4 * i + 2] ?? 0), base + (fields.positions[4 * i + 3] ?? 0));
    at = writeBytes(out, at, COMMA);
  }
  at = writeBytes(out, at, client.addressEnd);
  if ((present & bit(Field.FORWARDED)) !== 0) at += out.write(forwardedLine(bytes, head, client), at, 'latin1');
  if ((present & bit(Field.X_FORWARDED_PROTO)) === 0) at = writeBytes(out, at, client.protoLine);
  if ((present & bit(Field.X_FORWARDED_HOST)) === 0 && head.hostStart >= 0) {
    at = writeField(out, at, FORWARDED_HOST, bytes, base + head.hostStart, base + head.hostEnd);
  }
  at = writeBytes(out, at, VIA_LINES[head.minor]);
  return finish(out, at, bytes, head, trailers);
}

/** RFC 7239 5.4: with the protocol by which the request came to this proxy. Few send it: strings are fine. */
function forwardedLine(bytes: Buffer, head: RequestHead, client: ClientIdentity): string {
  const values: string[] = [];
  for (let i = 0; i < head.fields.count; i += 1) {
    if (head.fields.ids[i] === Field.FORWARDED) values.push(fieldValue(bytes, head, i));
  }
  const hop = `for=${forwardedFor(client.address)}${client.secure ? ';proto=https' : ''}`;
  return `forwarded: ${[...values, hop].join(', ')}\r\n`;
}

function fieldValue(bytes: Buffer, head: RequestHead, index: number): string {
  const { positions } = head.fields;
  return bytes.toString(
    'latin1',
    head.base + (positions[4 * index + 2] ?? 0),
    head.base + (positions[4 * index + 3] ?? 0),
  );
}
