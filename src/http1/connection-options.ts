import { bytes, COMMA, equalsIgnoringCase, equalsLower, HTAB, SP } from './bytes.ts';
import { isRemovable } from './field.ts';
import type { FieldBlock } from './fields.ts';

const CLOSE_OPTION = bytes('close');
const KEEP_ALIVE_OPTION = bytes('keep-alive');
const UPGRADE_OPTION = bytes('upgrade');

/** More options than this in one head and matching them against its fields would be work that a client makes us do. */
const MAX_OPTIONS = 64;

/** What the Connection fields of one head say together (RFC 9110 7.6.1). */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;
  #count = 0;

  reset(): void {
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    this.#count = 0;
  }

  /**
   * Takes in the Connection field `index` and marks the fields that it names as not to be forwarded. Empty elements, and such as
   * are no token and so can name nothing, are passed over. False: the head lists too many options.
   */
  read(buffer: Buffer, fields: FieldBlock, index: number): boolean {
    const base = fields.base;
    const end = base + (fields.positions[4 * index + 3] ?? 0);
    let p = base + (fields.positions[4 * index + 2] ?? 0);
    while (p < end) {
      while (p < end && (buffer[p] === SP || buffer[p] === HTAB || buffer[p] === COMMA)) p++;
      const from = p;
      while (p < end && buffer[p] !== COMMA) p++;
      let to = p;
      while (to > from && (buffer[to - 1] === SP || buffer[to - 1] === HTAB)) to--;
      if (to === from) continue;
      if (++this.#count > MAX_OPTIONS) return false;
      if (equalsLower(buffer, from, to, CLOSE_OPTION)) this.close = true;
      else if (equalsLower(buffer, from, to, KEEP_ALIVE_OPTION)) this.keepAlive = true;
      else if (equalsLower(buffer, from, to, UPGRADE_OPTION)) this.upgrade = true;
      else dropNamed(buffer, fields, from, to - from);
    }
    return true;
  }
}

function dropNamed(buffer: Buffer, fields: FieldBlock, option: number, length: number): void {
  const { base, count, positions } = fields;
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    const start = positions[at] ?? 0;
    const end = positions[at + 1] ?? 0;
    if (end - start !== length || !equalsIgnoringCase(buffer, base + start, option, length)) continue;
    if (isRemovable(fields.ids[i] ?? 0, buffer, base + start, base + end)) fields.drop[i] = 1;
  }
}
