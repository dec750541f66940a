import { equal, ok } from 'node:assert/strict';
import { INCOMPLETE, INVALID, type ParseStatus } from '../../src/http1/parse-status.ts';

interface Parser {
  parse(buffer: Buffer, start: number, end: number): ParseStatus;
}

const NOT_ARRIVED = 0xff;
const ROOM = 32;
let buffers = [Buffer.alloc(1024), Buffer.alloc(1024)] as const;

/**
 * Feeds a head that arrives in segments which end at `ends`, and returns the last status and how many bytes had arrived by then.
 * Each call finds the bytes at another place of another buffer, with bytes behind them that have not arrived: a parser that keeps
 * an absolute position or reads too far is caught.
 */
export function feed(parser: Parser, bytes: Buffer, ends: readonly number[]): { status: ParseStatus; arrived: number } {
  if (buffers[0].length < bytes.length + ROOM) {
    buffers = [Buffer.alloc(2 * bytes.length + ROOM), Buffer.alloc(2 * bytes.length + ROOM)];
  }
  let status: ParseStatus = INCOMPLETE;
  let arrived = 0;
  // One buffer for all single bytes: only the bytes that have come since have to be copied.
  const still = ends.length === bytes.length;
  for (const [turn, end] of ends.entries()) {
    const buffer = still || turn % 2 === 0 ? buffers[0] : buffers[1];
    const start = still ? 3 : (turn * 7) % 23;
    const from = still ? arrived : 0;
    bytes.copy(buffer, start + from, from, end);
    buffer.fill(NOT_ARRIVED, start + end, Math.min(buffer.length, start + end + 3));
    status = parser.parse(buffer, start, start + end);
    arrived = end;
    if (status === INVALID) equal(parser.parse(buffer, start, start + end), INVALID, 'refused for good');
    if (status !== INCOMPLETE) break;
  }
  ok(arrived <= bytes.length);
  return { status, arrived };
}
