import { readFileSync } from 'node:fs';
import { type Reading, readChunked, readRequests, readResponse } from './read-messages.ts';

/** A case that somebody else wrote, and what their own parser has to make of it. */
export interface Vector {
  readonly name: string;
  /** `chunked`: a chunked body alone. */
  readonly side: 'request' | 'response' | 'chunked';
  /** latin1. */
  readonly bytes: string;
  readonly expect: 'accepted' | 'refused' | 'incomplete';
  /** Their word for the refusal. */
  readonly says?: string;
  /** Of a response: it answers a HEAD. */
  readonly head?: boolean;
  /** Whole ones; 1 when not said. */
  readonly messages?: number;
  /** Bytes of content in all messages. */
  readonly content?: number;
  /** What Headgate says where it differs. Refusals are explained by STRICTER, everything else by `why`. */
  readonly headgate?: Reading['verdict'];
  readonly why?: string;
}

export interface VectorFile {
  readonly source: string;
  readonly licence: string;
  readonly vectors: readonly Vector[];
}

export const VECTOR_FILES = [
  'advisories',
  'rfc9112',
  'llhttp',
  'gunicorn',
  'go-net-http',
  'httparse',
  'picohttpparser',
] as const;

export function vectorsOf(name: (typeof VECTOR_FILES)[number]): VectorFile {
  // The files are this folder's own; a wrong one fails the tests.
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')) as VectorFile;
}

/**
 * The bytes that Headgate gets: most parsers do not ask for Host, so each request of HTTP/1.1 without one gets it here, or nothing
 * else of the vector would be tried.
 */
export function readVector(vector: Vector): { readonly bytes: Buffer; readonly reading: Reading } {
  let bytes = Buffer.from(vector.bytes, 'latin1');
  if (vector.side === 'chunked') return { bytes, reading: readChunked(bytes) };
  if (vector.side === 'response') return { bytes, reading: readResponse(bytes, vector.head === true) };
  const most = vector.expect === 'accepted' ? (vector.messages ?? 1) : Number.POSITIVE_INFINITY;
  for (;;) {
    const reading = readRequests(bytes, most);
    if (reading.verdict !== 'missing_host') return { bytes, reading };
    const lineEnd = bytes.indexOf(' HTTP/1.1\r\n', reading.at) + ' HTTP/1.1\r\n'.length;
    bytes = Buffer.concat([bytes.subarray(0, lineEnd), HOST, bytes.subarray(lineEnd)]);
  }
}

const HOST = Buffer.from('Host: vectors.example\r\n', 'latin1');

/** Whether Headgate's reading is what the vector expects. */
export function agrees({ side, expect, messages = 1, content }: Vector, reading: Reading): boolean {
  const { verdict } = reading;
  // To those who are not told of its end, a body that ends with the connection goes on.
  if (verdict === 'closed') return expect === 'incomplete' || (expect === 'accepted' && sameContent(content, reading));
  if (expect === 'incomplete') return verdict === 'incomplete';
  if (expect === 'refused') return verdict !== 'incomplete' && verdict !== 'accepted';
  return (
    verdict === 'accepted' && (side === 'response' || reading.messages === messages) && sameContent(content, reading)
  );
}

function sameContent(content: number | undefined, reading: Reading): boolean {
  return content === undefined || content === reading.content;
}
