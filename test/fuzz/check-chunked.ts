import { equal, ok } from 'node:assert/strict';
import { ChunkedDecoder, type ChunkedLimits } from '../../src/http1/chunked.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from '../../src/http1/parse-status.ts';
import { divisionsOf } from './divisions.ts';

const DEFAULTS = { chunkExtensionBytes: 4_096, trailerBytes: 16_384, trailers: 100 };
const SMALL = { chunkExtensionBytes: 12, trailerBytes: 24, trailers: 2 };
/** What is passed on has neither. */
const BARE = { chunkExtensionBytes: 0, trailerBytes: 0, trailers: 0 };

interface Decoded {
  readonly status: ParseStatus;
  readonly reason: string;
  readonly consumed: number;
  readonly data: string;
  readonly kept: Buffer;
}

/** Checks a chunked body with whatever follows it. */
export function checkChunked(bytes: Buffer, small: boolean): void {
  const limits = small ? SMALL : DEFAULTS;
  const divisions = divisionsOf(bytes);
  const whole = decode(bytes, divisions.whole, limits);
  for (const ends of [divisions.bytewise, divisions.random]) {
    const divided = decode(bytes, ends, limits);
    equal(divided.status, whole.status, 'the same verdict however the bytes come');
    if (whole.status === INVALID) {
      equal(divided.reason, whole.reason, 'the same reason however the bytes come');
      // Nothing of the call that finds the mistake is passed on: how much that is depends on the division.
      ok(divided.data.startsWith(whole.data) || whole.data.startsWith(divided.data), 'the same data as far as it goes');
      continue;
    }
    equal(divided.consumed, whole.consumed, 'the same end however the bytes come');
    equal(divided.data, whole.data, 'the same data however the bytes come');
    ok(divided.kept.equals(whole.kept), 'the same bytes are passed on however they come');
    checkKept(divided);
  }
  checkKept(whole);
}

/** What is passed on is itself a chunked body, bare of extensions and trailers, with the same data, and nothing follows it. */
function checkKept({ status, kept, data }: Decoded): void {
  const again = decode(kept, [kept.length], BARE);
  if (status === INVALID) return;
  equal(again.status, status, 'what is passed on can be read by the strictest');
  equal(again.consumed, kept.length, 'to its last byte');
  equal(again.data, data, 'as the same data');
}

function decode(bytes: Buffer, ends: readonly number[], limits: ChunkedLimits): Decoded {
  const decoder = new ChunkedDecoder(limits);
  const kept: Buffer[] = [];
  let data = '';
  let at = 0;
  let status: ParseStatus = INCOMPLETE;
  for (const end of ends) {
    while (at < end && status === INCOMPLETE) {
      const from = at;
      status = decoder.decode(bytes, at, end);
      if (status === INVALID) equal(decoder.decode(bytes, at, end), INVALID, 'refused for good');
      if (status === INVALID) return { status, reason: decoder.reason, consumed: at, data, kept: Buffer.concat(kept) };
      at = decoder.consumed;
      ok(at > from && at <= end, 'it goes on, and not too far');
      equal(decoder.done, status === COMPLETE);
      for (const [start, stop] of ranges(decoder.data, decoder.dataCount, from, at)) {
        data += bytes.toString('latin1', start, stop);
      }
      for (const [start, stop] of ranges(decoder.kept, decoder.keptCount, from, at))
        kept.push(bytes.subarray(start, stop));
    }
    if (status !== INCOMPLETE) break;
  }
  return { status, reason: '', consumed: at, data, kept: Buffer.concat(kept) };
}

/** Ascending, apart, not empty, and within what this call has read. */
function ranges(positions: Int32Array, count: number, from: number, to: number): [start: number, stop: number][] {
  ok(count >= 0 && 2 * count <= positions.length, 'as many as there is room for');
  const list: [number, number][] = [];
  let last = from;
  for (let i = 0; i < count; i += 1) {
    const start = positions[2 * i] ?? -1;
    const stop = positions[2 * i + 1] ?? -1;
    ok(last <= start && start < stop && stop <= to, 'ranges in order');
    last = stop;
    list.push([start, stop]);
  }
  return list;
}
