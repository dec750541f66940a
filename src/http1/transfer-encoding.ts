import { bytes, COMMA, equalsLower, HTAB, SP, TOKEN } from './bytes.ts';

/** Nothing read yet. */
export const NO_CODING = 0;
/** `chunked` and nothing else: the one that is decoded here. */
export const CHUNKED_ONLY = 1;
/** Other codings only: where the body ends cannot be known. */
const OTHER_CODING = 2;
/** Other codings, then `chunked`: framed well, but not understood. */
export const OTHER_THEN_CHUNKED = 3;
/** Not a list of codings, or `chunked` elsewhere than once at the end. */
const BAD_CODINGS = 4;

const CHUNKED = bytes('chunked');

/**
 * Takes in one Transfer-Encoding value after others that led to `state`: several fields are one list (RFC 9110 5.3). Parameters
 * and empty elements are refused although the list grammar allows empty ones: `chunked` has no parameters, and a value that
 * servers read differently is how requests are smuggled.
 */
export function readTransferEncoding(buffer: Buffer, start: number, end: number, state: number): number {
  let p = start;
  for (;;) {
    while (p < end && (buffer[p] === SP || buffer[p] === HTAB)) p++;
    const from = p;
    while (p < end && TOKEN[buffer[p] ?? 0] === 1) p++;
    const to = p;
    while (p < end && (buffer[p] === SP || buffer[p] === HTAB)) p++;
    if (to === from || (p < end && buffer[p] !== COMMA)) return BAD_CODINGS;
    state = next(state, equalsLower(buffer, from, to, CHUNKED));
    if (p === end) return state;
    p++;
  }
}

function next(state: number, chunked: boolean): number {
  if (state === NO_CODING) return chunked ? CHUNKED_ONLY : OTHER_CODING;
  if (state === OTHER_CODING) return chunked ? OTHER_THEN_CHUNKED : OTHER_CODING;
  return BAD_CODINGS;
}
