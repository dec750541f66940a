/** The places at which a message of `length` bytes is cut for its parsers, each list ending with `length`. */
export interface Divisions {
  readonly whole: readonly number[];
  readonly bytewise: readonly number[];
  readonly random: readonly number[];
}

const BYTES: number[] = [];

/** Divisions that depend on the bytes alone, so that an input that fails once fails again. */
export function divisionsOf(bytes: Buffer): Divisions {
  const { length } = bytes;
  for (let i = BYTES.length; i < length; i += 1) BYTES.push(i + 1);
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  const random: number[] = [];
  for (let at = 0; at < length; ) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x3c6ef372;
    at = Math.min(length, at + 1 + ((state >>> 8) % 17));
    random.push(at);
  }
  return { whole: [length], bytewise: BYTES.slice(0, length), random };
}
