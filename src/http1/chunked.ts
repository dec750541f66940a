import { COLON, CR, HEX, LF, SEMICOLON, TEXT, TOKEN } from './bytes.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from './parse-status.ts';
import type { ChunkReason } from './reason.ts';
import type { TrailerNames } from './trailer-names.ts';
import { TrailerSection } from './trailer-section.ts';

/** What a chunked body may carry besides its data, all of it together. */
export interface ChunkedLimits {
  /** From each `;` to the CR before which the extensions end. */
  readonly chunkExtensionBytes: number;
  /** The trailer section's field lines with their CRLFs. */
  readonly trailerBytes: number;
  /** Field lines of the trailer section. */
  readonly trailers: number;
}

const SIZE = 0;
const EXTENSION = 1;
const SIZE_CR = 2;
const SIZE_LINE_FEED = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LINE_FEED = 6;
const TRAILER_START = 7;
const TRAILER_NAME = 8;
const TRAILER_VALUE = 9;
const TRAILER_LINE_FEED = 10;
const LAST_LINE_FEED = 11;
const REFUSED = 12;

const NOT_HEX = 255;
const NOTHING = Buffer.alloc(0);

/** 16 hexadecimal digits hold every size that is accepted and then some: more are a way to overflow someone. */
const MAX_SIZE_DIGITS = 16;
/** Ranges of either kind that one call returns. */
const MAX_RANGES = 128;

/**
 * Reads a chunked body (RFC 9112 7.1) as it comes, in pieces of any size, and refuses everything that two servers might read
 * differently. Made once for a connection; `reset` makes it ready for the next body.
 *
 * A call may stop before `end` because its ranges are full: while the status is INCOMPLETE and `consumed` is below `end`, call
 * again from `consumed`.
 */
export class ChunkedDecoder {
  /** Range i of the last call's content is [data[2 * i], data[2 * i + 1]) in the buffer. */
  readonly data = new Int32Array(2 * MAX_RANGES);
  dataCount = 0;
  /**
   * What to pass on when the body stays chunked: the bytes of the last call without chunk extensions and trailers, as ranges like
   * `data`. All of them in order, and `trailers` behind them, are a valid chunked body. As a rule there is one.
   */
  readonly kept = new Int32Array(2 * MAX_RANGES);
  keptCount = 0;
  /** After COMPLETE: the trailers that are passed on, with the end of the body, which `kept` lacks then. Empty: there are none. */
  trailers: Buffer = NOTHING;
  /** The position up to which the last call has read; after COMPLETE, where the next message begins. */
  consumed = 0;
  /** The body has been read to its end. */
  done = false;
  /** After INVALID: why. Nothing of that call is to be passed on. */
  reason: ChunkReason = 'bad_chunk_size';
  readonly #limits: ChunkedLimits;
  readonly #section: TrailerSection | null;
  #state = SIZE;
  /** The size read so far, then what is still to come of the chunk's data. */
  #remaining = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailers = 0;

  /** @param names trailers that are passed on; null: none. */
  constructor(limits: ChunkedLimits, names: TrailerNames | null = null) {
    this.#limits = limits;
    this.#section = names === null ? null : new TrailerSection(names);
  }

  reset(): void {
    this.dataCount = 0;
    this.keptCount = 0;
    this.done = false;
    this.trailers = NOTHING;
    this.#section?.reset();
    this.#state = SIZE;
    this.#remaining = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailerBytes = 0;
    this.#trailers = 0;
  }

  /**
   * Reads from `start` to `end`, or to the end of the body. What it accepts depends on the bytes alone, not on how they were
   * divided into calls.
   */
  decode(buffer: Buffer, start: number, end: number): ParseStatus {
    this.dataCount = 0;
    this.keptCount = 0;
    if (this.#state === REFUSED) return INVALID;
    let p = start;
    let keptFrom = start;
    while (p < end && !this.done) {
      const state = this.#state;
      if (state === DATA) {
        if (this.dataCount === MAX_RANGES) break;
        p = this.#takeData(p, end);
      } else if (state === EXTENSION || (state >= TRAILER_NAME && state <= TRAILER_LINE_FEED)) {
        // One range is left for what has been read before this.
        if (this.keptCount === MAX_RANGES - 1) break;
        this.#keep(keptFrom, p);
        p = state === EXTENSION ? this.#skipExtension(buffer, p, end) : this.#skipTrailer(buffer, p, end);
        if (p < 0) return INVALID;
        keptFrom = p;
      } else {
        p = state === SIZE ? this.#readSize(buffer, p, end) : this.#readDelimiter(buffer, p);
        if (p < 0) return INVALID;
        // The empty line goes out behind the trailers.
        if (state >= TRAILER_START && this.#section?.used === true) keptFrom = p;
      }
    }
    this.#keep(keptFrom, p);
    this.consumed = p;
    return this.done ? COMPLETE : INCOMPLETE;
  }

  #readSize(buffer: Buffer, start: number, end: number): number {
    let p = start;
    let size = this.#remaining;
    let digits = this.#digits;
    while (p < end) {
      const digit = HEX[buffer[p] ?? 0] ?? NOT_HEX;
      if (digit === NOT_HEX) break;
      size = size * 16 + digit;
      if (++digits > MAX_SIZE_DIGITS || size > Number.MAX_SAFE_INTEGER) return this.#refuse('bad_chunk_size');
      p++;
    }
    this.#remaining = size;
    this.#digits = digits;
    if (p === end) return p;
    // No whitespace here either, although RFC 9112 7.1.1 has a place for it: servers differ about it.
    if (digits === 0 || (buffer[p] !== CR && buffer[p] !== SEMICOLON)) return this.#refuse('bad_chunk_size');
    this.#state = buffer[p] === CR ? SIZE_CR : EXTENSION;
    return p;
  }

  #skipExtension(buffer: Buffer, start: number, end: number): number {
    const allowed = this.#limits.chunkExtensionBytes - this.#extensionBytes;
    const stop = Math.min(end, start + allowed + 1);
    let p = start;
    while (p < stop && TEXT[buffer[p] ?? 0] === 1) p++;
    if (p - start > allowed) return this.#refuse('chunk_extensions_too_large');
    this.#extensionBytes += p - start;
    if (p === end) return p;
    if (buffer[p] !== CR) return this.#refuse('bad_chunk_extension');
    this.#state = SIZE_CR;
    return p;
  }

  #takeData(start: number, end: number): number {
    const p = Math.min(end, start + this.#remaining);
    this.data[2 * this.dataCount] = start;
    this.data[2 * this.dataCount + 1] = p;
    this.dataCount++;
    this.#remaining -= p - start;
    if (this.#remaining === 0) this.#state = DATA_CR;
    return p;
  }

  /** One byte of the fixed syntax between sizes, data and trailers. */
  #readDelimiter(buffer: Buffer, p: number): number {
    const byte = buffer[p] ?? 0;
    switch (this.#state) {
      case SIZE_CR:
        this.#state = SIZE_LINE_FEED;
        return byte === CR ? p + 1 : this.#refuse('bad_chunk_size');
      case SIZE_LINE_FEED:
        this.#state = this.#remaining === 0 ? TRAILER_START : DATA;
        this.#digits = 0;
        return byte === LF ? p + 1 : this.#refuse('bad_chunk_size');
      case DATA_CR:
        this.#state = DATA_LINE_FEED;
        return byte === CR ? p + 1 : this.#refuse('bad_chunk_end');
      case DATA_LINE_FEED:
        this.#state = SIZE;
        return byte === LF ? p + 1 : this.#refuse('bad_chunk_end');
      case LAST_LINE_FEED:
        if (byte !== LF) return this.#refuse('bad_trailer');
        if (this.#section?.used === true) this.trailers = this.#section.close();
        this.done = true;
        return p + 1;
      default:
        return this.#startTrailer(byte, p);
    }
  }

  /** The end of the trailer section, or a field line whose first byte is left to `#skipTrailer`. */
  #startTrailer(byte: number, p: number): number {
    if (byte === CR) {
      this.#state = LAST_LINE_FEED;
      return p + 1;
    }
    if (TOKEN[byte] !== 1) return this.#refuse('bad_trailer');
    if (++this.#trailers > this.#limits.trailers) return this.#refuse('trailers_too_large');
    this.#state = TRAILER_NAME;
    return p;
  }

  /** A trailer's syntax is checked as strictly as a header field's, since what follows it is the next message. */
  #skipTrailer(buffer: Buffer, start: number, end: number): number {
    const allowed = this.#limits.trailerBytes - this.#trailerBytes;
    const stop = Math.min(end, start + allowed + 1);
    let p = start;
    if (this.#state === TRAILER_NAME) {
      while (p < stop && TOKEN[buffer[p] ?? 0] === 1) p++;
      if (p < stop) {
        if (buffer[p++] !== COLON) return this.#refuse('bad_trailer');
        this.#state = TRAILER_VALUE;
      }
    }
    if (this.#state === TRAILER_VALUE) {
      while (p < stop && TEXT[buffer[p] ?? 0] === 1) p++;
      if (p < stop) {
        if (buffer[p++] !== CR) return this.#refuse('bad_trailer');
        this.#state = TRAILER_LINE_FEED;
      }
    }
    if (this.#state === TRAILER_LINE_FEED && p < stop) {
      if (buffer[p++] !== LF) return this.#refuse('bad_trailer');
      this.#state = TRAILER_START;
    }
    this.#trailerBytes += p - start;
    if (p - start > allowed) return this.#refuse('trailers_too_large');
    this.#section?.take(buffer, start, p, this.#state === TRAILER_START);
    return p;
  }

  #keep(from: number, to: number): void {
    if (from === to) return;
    this.kept[2 * this.keptCount] = from;
    this.kept[2 * this.keptCount + 1] = to;
    this.keptCount++;
  }

  /** Returns a position that says so. */
  #refuse(reason: ChunkReason): number {
    this.reason = reason;
    this.#state = REFUSED;
    this.dataCount = 0;
    this.keptCount = 0;
    this.done = false;
    return -1;
  }
}
