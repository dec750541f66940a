import { bytes, equalsLower } from './bytes.ts';

/** The fields that may be passed on in a trailer section. Without an entry here a trailer ends at this hop. */
export class TrailerNames {
  readonly #names: readonly Uint8Array[];

  /** @param names in lower case; none that RFC 9110 6.5.1 keeps out of trailer sections. */
  constructor(names: readonly string[]) {
    this.#names = names.map(bytes);
  }

  /** Whether [start, end) is one of them, in any case. */
  includes(buffer: Buffer, start: number, end: number): boolean {
    for (const name of this.#names) if (equalsLower(buffer, start, end, name)) return true;
    return false;
  }
}
