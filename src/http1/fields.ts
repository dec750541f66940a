import { COLON, CR, equalsLower, HTAB, LF, SP, TEXT, TOKEN } from './bytes.ts';
import { isHopByHop, recogniseField } from './field.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from './parse-status.ts';
import type { FieldReason } from './reason.ts';

export { Field } from './field.ts';

const LINE_START = 0;
const NAME = 1;
const BEFORE_VALUE = 2;
const VALUE = 3;
const LINE_FEED = 4;
const LAST_LINE_FEED = 5;

/**
 * The field lines of one head: scanned byte by byte into positions, then read by number. Made once for a connection and used
 * again for each head; nothing is allocated for a message.
 */
export class FieldBlock {
  /** Number of field lines. */
  count = 0;
  /**
   * For field i, from index 4 * i: nameStart, nameEnd, valueStart, valueEnd, relative to the start of the head. The value has no
   * whitespace around it. The line of field i spans [nameStart of i, nameStart of i + 1); the last one ends 2 bytes before the
   * end of the head. So a run of lines can be copied as it came.
   */
  readonly positions: Int32Array;
  /** For field i, its `Field`. */
  readonly ids: Uint8Array;
  /** For field i: 1 = it ends at this hop and must not be forwarded. */
  readonly drop: Uint8Array;
  /** Where the head starts in the buffer. */
  base = 0;
  /** After `scan` has returned INVALID: why. */
  reason: FieldReason = 'bad_field_name';
  /** Up to where the head has been scanned, relative to its start. */
  position = 0;
  readonly #limit: number;
  #state = LINE_START;

  constructor(limit: number) {
    this.#limit = limit;
    this.positions = new Int32Array(4 * limit);
    this.ids = new Uint8Array(limit);
    this.drop = new Uint8Array(limit);
  }

  /** Starts a new block at `position`, relative to the start of the head. */
  begin(position: number): void {
    this.count = 0;
    this.position = position;
    this.#state = LINE_START;
  }

  /**
   * Scans up to `end`, or to the end of the empty line that ends the head. What it returns depends on the bytes alone, never on
   * how they were divided into calls.
   */
  scan(buffer: Buffer, end: number): ParseStatus {
    const base = this.base;
    const positions = this.positions;
    let p = base + this.position;
    let state = this.#state;
    let at = this.count * 4;
    // Each state runs into the one below it: a head that arrives whole meets every test in the order in which it passes.
    while (p < end) {
      if (state === LINE_START) {
        const byte = buffer[p] ?? 0;
        if (byte === CR) {
          state = LAST_LINE_FEED;
          p++;
          continue;
        }
        if (TOKEN[byte] !== 1) return this.#fail(lineStartReason(byte));
        if (this.count === this.#limit) return this.#fail('too_many_fields');
        positions[at] = p++ - base;
        state = NAME;
      }
      if (state === NAME) {
        while (p < end && TOKEN[buffer[p] ?? 0] === 1) p++;
        if (p === end) break;
        const byte = buffer[p] ?? 0;
        if (byte !== COLON) return this.#fail(nameReason(byte));
        positions[at + 1] = p++ - base;
        state = BEFORE_VALUE;
      }
      if (state === BEFORE_VALUE) {
        while (p < end && (buffer[p] === SP || buffer[p] === HTAB)) p++;
        if (p === end) break;
        positions[at + 2] = p - base;
        state = VALUE;
      }
      if (state === VALUE) {
        while (p < end && TEXT[buffer[p] ?? 0] === 1) p++;
        if (p === end) break;
        const byte = buffer[p] ?? 0;
        if (byte !== CR) return this.#fail(byte === LF ? 'bare_lf' : 'bad_field_value');
        this.#push(buffer, at, p);
        at += 4;
        p++;
        state = LINE_FEED;
      }
      if (p < end) {
        if (buffer[p] !== LF) return this.#fail('bare_cr');
        p++;
        if (state === LAST_LINE_FEED) {
          this.position = p - base;
          return COMPLETE;
        }
        state = LINE_START;
      }
    }
    this.position = p - base;
    this.#state = state;
    return INCOMPLETE;
  }

  /** The index of the next field from `from` on that has this name, given in lower case; -1 when there is none. */
  find(buffer: Buffer, name: Uint8Array, from = 0): number {
    const { base, count, positions } = this;
    const length = name.length;
    for (let i = from, at = 4 * from; i < count; i++, at += 4) {
      const start = positions[at] ?? 0;
      const end = positions[at + 1] ?? 0;
      if (end - start === length && equalsLower(buffer, base + start, base + end, name)) return i;
    }
    return -1;
  }

  /** Ends the field line whose CR is at `lineEnd`. */
  #push(buffer: Buffer, at: number, lineEnd: number): void {
    const base = this.base;
    const positions = this.positions;
    const valueStart = base + (positions[at + 2] ?? 0);
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && (buffer[valueEnd - 1] === SP || buffer[valueEnd - 1] === HTAB)) valueEnd--;
    positions[at + 3] = valueEnd - base;
    const id = recogniseField(buffer, base + (positions[at] ?? 0), base + (positions[at + 1] ?? 0));
    this.ids[this.count] = id;
    this.drop[this.count] = isHopByHop(id) ? 1 : 0;
    this.count++;
  }

  #fail(reason: FieldReason): ParseStatus {
    this.reason = reason;
    return INVALID;
  }
}

function lineStartReason(byte: number): FieldReason {
  // RFC 9112 5.2, and 2.2 for whitespace right after the start line.
  if (byte === SP || byte === HTAB) return 'obs_fold';
  if (byte === COLON) return 'empty_field_name';
  return byte === LF ? 'bare_lf' : 'bad_field_name';
}

function nameReason(byte: number): FieldReason {
  // RFC 9112 5.1: whitespace before the colon has been used to smuggle, and is always refused.
  if (byte === SP || byte === HTAB) return 'space_before_colon';
  if (byte === LF) return 'bare_lf';
  return 'bad_field_name';
}
