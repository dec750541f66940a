import { INCOMPLETE, type ParseStatus } from '../../src/http1/parse-status.ts';

/** Ways to divide a message of `length` bytes into segments: the positions at which a segment ends, the last being `length`. */
export const DIVISIONS: Readonly<Record<string, (bytes: Buffer) => number[]>> = {
  whole: (bytes) => [bytes.length],
  'byte by byte': (bytes) => Array.from(bytes, (_, index) => index + 1),
  'split after each CR': (bytes) => endsAfter(bytes, 0x0d),
  'split after each LF': (bytes) => endsAfter(bytes, 0x0a),
};

function endsAfter(bytes: Buffer, last: number): number[] {
  const ends = Array.from(bytes.entries())
    .filter(([index, byte]) => byte === last && index + 1 < bytes.length)
    .map(([index]) => index + 1);
  return [...ends, bytes.length];
}

interface HeadParser {
  parse(buffer: Buffer, start: number, end: number): ParseStatus;
}

/**
 * Feeds a head that arrives in segments. Each call finds the bytes at another place of another buffer, with 0xff where none have
 * arrived yet, so a parser that keeps an absolute position or reads too far is caught.
 */
export function feed(
  parser: HeadParser,
  bytes: Buffer,
  ends: readonly number[],
): { status: ParseStatus; buffer: Buffer; start: number } {
  let last: { status: ParseStatus; buffer: Buffer; start: number } = { status: INCOMPLETE, buffer: bytes, start: 0 };
  for (const [turn, end] of ends.entries()) {
    const start = (turn * 7) % 23;
    const buffer = Buffer.alloc(start + bytes.length + 3, 0xff);
    bytes.copy(buffer, start, 0, end);
    last = { status: parser.parse(buffer, start, start + end), buffer, start };
    if (last.status !== INCOMPLETE) break;
  }
  return last;
}
