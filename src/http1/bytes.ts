/** Byte classes and comparisons. No function here makes a string, and none reads outside [start, end). */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const STAR = 0x2a;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const QUESTION = 0x3f;

function classOf(characters: string, ranges: readonly (readonly [from: number, to: number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes(characters)) table[byte] = 1;
  for (const [from, to] of ranges) table.fill(1, from, to + 1);
  return table;
}

const DIGITS = [0x30, 0x39] as const;
const UPPER_CASE = [0x41, 0x5a] as const;
const LOWER_CASE = [0x61, 0x7a] as const;

/** The bytes of an ASCII string, for the second argument of the comparisons below. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** tchar, RFC 9110 5.6.2. */
export const TOKEN = classOf("!#$%&'*+-.^_`|~", [DIGITS, UPPER_CASE, LOWER_CASE]);

/** What a field value, a reason phrase or a chunk extension may hold, RFC 9110 5.5: HTAB, SP, VCHAR and obs-text. */
export const TEXT = classOf('\t', [
  [0x20, 0x7e],
  [0x80, 0xff],
]);

/**
 * A request target: every visible ASCII character except `#`. RFC 3986 knows fewer, but clients send `|`, `{`, `[`, `"` and the
 * like unencoded in queries, HAProxy and llhttp let them through, and none of them can end a line or a request target. A
 * fragment is never sent (RFC 9112 3.2), and servers do not agree on what it means.
 */
export const TARGET = classOf('', [
  [0x21, 0x22],
  [0x24, 0x7e],
]);

/** reg-name but for pct-encoded, RFC 3986 3.2.2: unreserved and sub-delims. */
export const REG_NAME = classOf("-._~!$&'()*+,;=", [DIGITS, UPPER_CASE, LOWER_CASE]);

/** The value of a hexadecimal digit, 255 for every other byte. */
export const HEX = new Uint8Array(256).fill(255);
for (const [value, byte] of bytes('0123456789abcdef').entries()) HEX[byte] = value;
for (const [value, byte] of bytes('ABCDEF').entries()) HEX[byte] = value + 10;

/** ASCII letters in lower case, every other byte unchanged. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

/** Whether [start, end) is `expected`, byte for byte. */
export function equalsBytes(buffer: Buffer, start: number, end: number, expected: Uint8Array): boolean {
  const length = end - start;
  if (length !== expected.length) return false;
  for (let i = 0; i < length; i++) {
    if (buffer[start + i] !== expected[i]) return false;
  }
  return true;
}

/** Whether [start, end) is `expected`, which is in lower case, whatever the case of its ASCII letters. */
export function equalsLower(buffer: Buffer, start: number, end: number, expected: Uint8Array): boolean {
  return end - start === expected.length && startsWithLower(buffer, start, end, expected);
}

/** Whether [start, end) begins with `expected`, which is in lower case, whatever the case of its ASCII letters. */
export function startsWithLower(buffer: Buffer, start: number, end: number, expected: Uint8Array): boolean {
  const length = expected.length;
  if (end - start < length) return false;
  for (let i = 0; i < length; i++) {
    if (LOWER[buffer[start + i] ?? 0] !== expected[i]) return false;
  }
  return true;
}

/** Whether [a, a + length) and [b, b + length) are the same field name or token: case of ASCII letters apart. */
export function equalsIgnoringCase(buffer: Buffer, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    if (LOWER[buffer[a + i] ?? 0] !== LOWER[buffer[b + i] ?? 0]) return false;
  }
  return true;
}

/** The number that 1*DIGIT stands for, or -1 when it is anything else or above 2^53-1. Leading zeros are valid (RFC 9110 8.6). */
export function parseDecimal(buffer: Buffer, start: number, end: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let p = start; p < end; p++) {
    const digit = (buffer[p] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
}
