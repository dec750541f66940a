import type { FieldBlock } from './fields.ts';

const CR = 0x0d;
const LF = 0x0a;

/**
 * Copies the fields of a head that are to be passed on, in runs as long as possible, as they came.
 *
 * @param out has room for the whole head.
 * @param at where to write.
 * @param bytes holds the head; `base` is its first byte.
 * @param length of the head, its final CRLF CRLF included.
 * @param skip bit set over `Field` ids: those are left out beside the hop-by-hop ones.
 * @returns where the next byte goes. The final empty line is not written.
 */
export function writeFields(
  out: Buffer,
  at: number,
  bytes: Buffer,
  base: number,
  length: number,
  fields: FieldBlock,
  skip: number,
): number {
  const { count, positions, ids, drop } = fields;
  let runStart = -1;
  for (let i = 0; i < count; i += 1) {
    const dropped = drop[i] === 1 || ((skip >>> (ids[i] ?? 0)) & 1) === 1;
    if (dropped) {
      if (runStart >= 0) {
        at += bytes.copy(out, at, base + runStart, base + (positions[4 * i] ?? 0));
        runStart = -1;
      }
    } else if (runStart < 0) runStart = positions[4 * i] ?? 0;
  }
  // The last field line ends where the empty line begins.
  if (runStart >= 0) at += bytes.copy(out, at, base + runStart, base + length - 2);
  return at;
}

/** Copies a short constant. A loop is faster than a native call up to a few dozen bytes. */
export function writeBytes(out: Buffer, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i += 1) out[at + i] = bytes[i] ?? 0;
  return at + bytes.length;
}

export function writeCrlf(out: Buffer, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}

/** A field line of a constant name (with colon and space) and a value taken from other bytes. */
export function writeField(
  out: Buffer,
  at: number,
  name: Uint8Array,
  bytes: Buffer,
  valueStart: number,
  valueEnd: number,
): number {
  at = writeBytes(out, at, name);
  at += bytes.copy(out, at, valueStart, valueEnd);
  return writeCrlf(out, at);
}
