import { DICTIONARY } from './dictionary.ts';

const TOKENS = DICTIONARY.map((text) => Buffer.from(text, 'latin1'));
/** Bytes at the edges of the classes in HTTP's grammar. */
const EDGES = Buffer.from('\0\x01\t\n\r\x1b \x1f!"#%,/09:;?@AZ[]az{|}~\x7f\x80\x85\xa0\xff', 'latin1');
const MAX_LENGTH = 2_048;
const LF = 0x0a;

/** A number from 0 to `below` - 1. */
export type Random = (below: number) => number;

/** A changed copy: 1 to 8 changes of a byte, of a range, of a line, by a token of HTTP or by a piece of another input. */
export function mutate(input: Buffer, other: Buffer, random: Random): Buffer {
  let bytes = input;
  for (let left = 1 + random(1 << random(4)); left > 0; left -= 1) bytes = changed(bytes, other, random);
  return bytes.length > MAX_LENGTH ? bytes.subarray(0, MAX_LENGTH) : bytes;
}

function changed(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const some = random(1 << random(7));
  switch (random(12)) {
    case 0:
      return replaced(bytes, at, 1, Buffer.of(EDGES[random(EDGES.length)] ?? 0));
    case 1:
      return replaced(bytes, at, 0, Buffer.of(EDGES[random(EDGES.length)] ?? 0));
    case 2:
      return replaced(bytes, at, 1, Buffer.of((bytes[at] ?? 0) ^ (1 << random(8))));
    case 3:
      return replaced(bytes, at, 1 + some, NOTHING);
    case 4:
      return replaced(bytes, at, 0, token(random));
    case 5:
      return replaced(bytes, at, some, token(random));
    case 6:
      return replaced(bytes, lineStart(bytes, at), 0, token(random));
    case 7:
      return replaced(bytes, lineStart(bytes, at), lineEnd(bytes, at) - lineStart(bytes, at), NOTHING);
    case 8: {
      const line = bytes.subarray(lineStart(bytes, at), lineEnd(bytes, at));
      return replaced(bytes, lineStart(bytes, random(bytes.length + 1)), 0, line);
    }
    case 9:
      return replaced(bytes, at, 0, bytes.subarray(at, at + some));
    case 10: {
      const from = random(other.length + 1);
      return replaced(bytes, at, random(2) * some, other.subarray(from, from + 1 + some));
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length + 1))]);
  }
}

const NOTHING = Buffer.alloc(0);

function token(random: Random): Buffer {
  return TOKENS[random(TOKENS.length)] ?? NOTHING;
}

function replaced(bytes: Buffer, at: number, removed: number, inserted: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}

function lineStart(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(LF, at - 1) + 1;
}

function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(LF, at);
  return end < 0 ? bytes.length : end + 1;
}
