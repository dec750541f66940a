import { ChunkedDecoder, type ChunkedLimits } from '../http1/chunked.ts';
import { INVALID } from '../http1/parse-status.ts';
import type { ChunkReason } from '../http1/reason.ts';
import type { TrailerNames } from '../http1/trailer-names.ts';

export const NO_BODY = 0;
export const LENGTH_BODY = 1;
export const CHUNKED_BODY = 2;
/** Ends with the connection; responses only. */
export const CLOSE_BODY = 3;
const NOTHING = Buffer.alloc(0);
export type BodyKind = typeof NO_BODY | typeof LENGTH_BODY | typeof CHUNKED_BODY | typeof CLOSE_BODY;

/**
 * Follows one message body through the bytes that carry it: where it ends and what of it is passed on. One object serves
 * many messages.
 */
export class Body {
  kind: BodyKind = NO_BODY;
  /** The last byte has been seen. A CLOSE_BODY is never done by itself. */
  done = true;
  /** After `take`: pairs of positions to be passed on, in order, and how many pairs. */
  ranges = new Int32Array(2);
  rangeCount = 0;
  /** Once it is `done`: what goes out behind the last range. As a rule nothing. */
  trailers: Buffer = NOTHING;
  readonly #single = this.ranges;
  #remaining = 0;
  #bare = false;
  #decoder: ChunkedDecoder | null = null;
  readonly #limits: ChunkedLimits;
  readonly #names: TrailerNames | null;

  /** @param names trailers that are passed on; null: none. */
  constructor(limits: ChunkedLimits, names: TrailerNames | null) {
    this.#limits = limits;
    this.#names = names;
  }

  /** @param bare pass on the data of a chunked body without its framing. Else it keeps it, less extensions and trailers. */
  begin(kind: BodyKind, contentLength: number, bare: boolean): void {
    this.kind = kind;
    this.#remaining = contentLength;
    this.#bare = bare;
    this.trailers = NOTHING;
    this.done = kind === NO_BODY || (kind === LENGTH_BODY && contentLength === 0);
    if (kind === CHUNKED_BODY) {
      this.#decoder ??= new ChunkedDecoder(this.#limits, this.#names);
      this.#decoder.reset();
    }
  }

  /** Why `take` returned -1. */
  get reason(): ChunkReason {
    return this.#decoder?.reason ?? 'bad_chunk_size';
  }

  /**
   * Takes body bytes from [start, end). May stop early: call again while there are bytes and it is not `done`.
   * @returns the position after the last byte taken, or -1 when the chunked coding is broken.
   */
  take(bytes: Buffer, start: number, end: number): number {
    if (this.kind === CHUNKED_BODY) return this.#takeChunked(bytes, start, end);
    let stop = end;
    if (this.kind === LENGTH_BODY) {
      stop = Math.min(end, start + this.#remaining);
      this.#remaining -= stop - start;
      this.done = this.#remaining === 0;
    }
    this.ranges = this.#single;
    this.ranges[0] = start;
    this.ranges[1] = stop;
    this.rangeCount = stop > start ? 1 : 0;
    return stop;
  }

  /**
   * Closes the gaps between the ranges, in the bytes themselves. One write does for all of them then: what waits for a slow
   * reader is a read's bytes, and not 300 more for each of thousands of tiny chunks.
   * @returns the end of the one range that is left, which begins where the first one did.
   */
  join(bytes: Buffer): number {
    let end = this.ranges[1] ?? 0;
    for (let i = 1; i < this.rangeCount; i += 1) {
      const from = this.ranges[2 * i] ?? 0;
      const to = this.ranges[2 * i + 1] ?? 0;
      bytes.copyWithin(end, from, to);
      end += to - from;
    }
    return end;
  }

  #takeChunked(bytes: Buffer, start: number, end: number): number {
    const decoder = this.#decoder;
    if (decoder === null || decoder.decode(bytes, start, end) === INVALID) return -1;
    this.done = decoder.done;
    if (!this.#bare) this.trailers = decoder.trailers;
    this.ranges = this.#bare ? decoder.data : decoder.kept;
    this.rangeCount = this.#bare ? decoder.dataCount : decoder.keptCount;
    return decoder.consumed;
  }
}
