import { GarbledError } from './garbled-error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** What stands around the items of a page is a few hundred bytes. */
const LONGEST_REST = 1024 * 1024;

/**
 * Takes the JSON of a list apart while it arrives: each item is parsed when it is complete, and forgotten. Read as one
 * text, a page of 500 Pods is 3 MB of JSON and several times as much of objects, which live long enough to be taken for
 * permanent: with 10,000 Pods that is a process of 350 MB, of which 10 MB are used.
 */
export class ListReader {
  readonly #take: (item: unknown) => void;
  /** What is not part of an item; of a character outside ASCII, each byte as one. Nothing that is read of it has any. */
  #rest = '';
  /** Of the item that has begun. */
  #parts: Buffer[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;

  /** @param take gets each item */
  constructor(take: (item: unknown) => void) {
    this.#take = take;
  }

  /** @throws GarbledError, or what `take` throws */
  push(chunk: Buffer): void {
    // Where what belongs together begins: an item (within it), or the rest (outside of all).
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_MAP || byte === OPEN_LIST) from = this.#open(chunk, from, at);
      else if (byte === CLOSE_MAP || byte === CLOSE_LIST) from = this.#close(chunk, from, at);
    }
    if (!this.#inItems) this.#keep(chunk.toString('latin1', from));
    else if (this.#depth > 2) this.#parts.push(chunk.subarray(from));
  }

  /**
   * @returns the list without its items
   * @throws GarbledError when it is not complete
   */
  end(): unknown {
    return parse(this.#rest);
  }

  /** @returns where what belongs together begins from now on */
  #open(chunk: Buffer, from: number, at: number): number {
    this.#depth += 1;
    if (this.#inItems) return this.#depth === 3 ? at : from;
    if (this.#depth !== 2 || chunk[at] !== OPEN_LIST) return from;
    this.#keep(chunk.toString('latin1', from, at));
    this.#inItems = /"items"\s*:\s*$/.test(this.#rest);
    return at;
  }

  #close(chunk: Buffer, from: number, at: number): number {
    this.#depth -= 1;
    if (!this.#inItems) return from;
    if (this.#depth === 2) {
      const last = chunk.subarray(from, at + 1);
      const item = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
      this.#parts = [];
      this.#take(parse(item.toString('utf8')));
      return at + 1;
    }
    if (this.#depth > 2) return from;
    this.#keep('[');
    this.#inItems = false;
    return at;
  }

  #keep(text: string): void {
    this.#rest += text;
    if (this.#rest.length > LONGEST_REST) throw new GarbledError('the answer is no list of Kubernetes objects');
  }
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // V8's message quotes the text, which is the cluster's and not for a log.
    throw new GarbledError('the list is not valid JSON');
  }
}
