import { createHash } from 'node:crypto';
import type { Stream } from './stream.ts';

/** A request as it will be written. */
export interface Outgoing {
  readonly id: string;
  readonly stream: string;
  readonly method: 'GET' | 'POST';
  readonly scheduledAt: number;
  readonly head: string;
  /** Written one after the other; chunked coding is already in them. */
  readonly pieces: readonly Buffer[];
  readonly content: Buffer;
}

const LARGEST = 64 * 1024;
const SIZES = [0, 1, 200, 1500, 4096, 16_384, 40_000, LARGEST];
const NOISE = Buffer.from(Array.from({ length: LARGEST }, (_, index) => (index * 167 + (index >> 8) * 13) & 0xff));
const CHUNKS = 3;

/** The stream's request number `index` (from 0). The same arguments make the same request. */
export function outgoing(stream: Stream, index: number, id: string, scheduledAt: number): Outgoing {
  const posts = stream.posts ?? 0.25;
  const ordinal = Math.floor((index + 1) * posts);
  const isPost = ordinal > Math.floor(index * posts);
  const method = isPost ? 'POST' : 'GET';
  const content = isPost ? contentOf(id, SIZES[ordinal % SIZES.length] ?? 0) : NOISE.subarray(0, 0);
  const chunked = isPost && ordinal % 3 === 0;
  const lines = [`${method} ${stream.path ?? '/'} HTTP/1.1`, `host: ${stream.host}`, `x-request-id: ${id}`];
  for (const [name, value] of Object.entries(stream.headers ?? {})) lines.push(`${name}: ${value}`);
  if (chunked) lines.push('transfer-encoding: chunked');
  else if (isPost) lines.push(`content-length: ${content.length}`);
  const pieces = chunked ? chunks(content) : content.length > 0 ? [content] : [];
  return { id, stream: stream.name, method, scheduledAt, head: `${lines.join('\r\n')}\r\n\r\n`, pieces, content };
}

/** Whether the answer of the Pod, JSON with `length` and `sha256`, tells of exactly this body. */
export function isIntact(request: Outgoing, answer: Buffer): boolean {
  if (request.method === 'GET') return true;
  try {
    const told: unknown = JSON.parse(answer.toString());
    if (typeof told !== 'object' || told === null || !('length' in told) || !('sha256' in told)) return false;
    const sha256 = createHash('sha256').update(request.content).digest('hex');
    return told.length === request.content.length && told.sha256 === sha256;
  } catch {
    return false;
  }
}

/** Begins with the id, so that no two bodies are the same. */
function contentOf(id: string, size: number): Buffer {
  const content = Buffer.from(NOISE.subarray(0, size));
  content.write(id, 'latin1');
  return content;
}

function chunks(content: Buffer): Buffer[] {
  const size = Math.ceil(content.length / CHUNKS);
  const pieces: Buffer[] = [];
  for (let from = 0; from < content.length; from += size) {
    const part = content.subarray(from, from + size);
    pieces.push(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]));
  }
  return [...pieces, Buffer.from('0\r\n\r\n')];
}
