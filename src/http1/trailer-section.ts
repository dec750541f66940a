import { COLON, CR, LF } from './bytes.ts';
import type { TrailerNames } from './trailer-names.ts';

const NONE = Buffer.alloc(0);
const FIRST_BYTES = 256;

/**
 * The lines of a trailer section that are passed on. They are copied: a line's name decides, and it may have come in an earlier
 * read than its end. What is taken in is bounded by the reader of the section.
 */
export class TrailerSection {
  readonly #names: TrailerNames;
  #bytes: Buffer = NONE;
  /** Where the line that is being taken in begins. Before it is what stays. */
  #line = 0;
  #end = 0;

  constructor(names: TrailerNames) {
    this.#names = names;
  }

  /** Some line is to be passed on. */
  get used(): boolean {
    return this.#line > 0;
  }

  reset(): void {
    // What was there may still wait in a socket.
    this.#bytes = NONE;
    this.#line = 0;
    this.#end = 0;
  }

  /** Takes in [start, end), which belongs to one line; `complete`: its CRLF is there. The syntax of the line has been checked. */
  take(buffer: Buffer, start: number, end: number, complete: boolean): void {
    this.#append(buffer, start, end);
    if (!complete) return;
    const colon = this.#bytes.indexOf(COLON, this.#line);
    if (this.#names.includes(this.#bytes, this.#line, colon)) this.#line = this.#end;
    else this.#end = this.#line;
  }

  /** The lines, and the empty line that ends the message. */
  close(): Buffer {
    this.#append(Buffer.of(CR, LF), 0, 2);
    return this.#bytes.subarray(0, this.#end);
  }

  #append(buffer: Buffer, start: number, end: number): void {
    const needed = this.#end + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * needed));
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
    }
    this.#end += buffer.copy(this.#bytes, this.#end, start, end);
  }
}
