import { ByteTable, HASH_SEED, mix } from './byte-table.ts';

const SLASH = 0x2f;
const AS_IT_IS = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Path prefixes on a segment boundary: the longest that a path has, in one pass over it, however many there are. */
export class PathIndex {
  readonly #prefixes: ByteTable<number>;
  /** The value of the prefix that every path has; -1: there is none. */
  readonly #root: number;
  /** Bytes of the longest prefix: what lies behind them in a path is never read. */
  readonly #longest: number;

  /** @param paths as in `Route`, with their values, which are not negative; of two that mean the same the first counts */
  constructor(paths: readonly (readonly [path: string, value: number])[]) {
    const entries = paths.map(([path, value]) => {
      // A slash at the end of a prefix means nothing.
      const key = Buffer.from(path.endsWith('/') ? path.slice(0, -1) : path, 'latin1');
      return { hash: key.reduce(mix, HASH_SEED), key, value };
    });
    this.#prefixes = new ByteTable(entries);
    this.#root = entries.find(({ key }) => key.length === 0)?.value ?? -1;
    this.#longest = entries.reduce((longest, { key }) => Math.max(longest, key.length), 0);
  }

  /** The value of the longest prefix of the path at [start, end); -1: it has none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let found = this.#root;
    let hash = HASH_SEED;
    const last = Math.min(end, start + this.#longest);
    for (let at = start; at < last; ) {
      hash = mix(hash, bytes[at] ?? 0);
      at += 1;
      if (at < end && bytes[at] !== SLASH) continue;
      const value = this.#prefixes.get(hash, bytes, start, at, AS_IT_IS);
      if (value !== null) found = value;
    }
    return found;
  }
}
