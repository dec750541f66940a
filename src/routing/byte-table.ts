/** Of no bytes at all: where `mix` begins. */
export const HASH_SEED = 0x811c9dc5 | 0;

/** FNV-1a: what the hash becomes with one byte more. */
export function mix(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/**
 * Values by byte strings, found without making a string: the caller hashes while it reads, so that one pass over a path finds all
 * of its prefixes. However many there are, finding one costs the same.
 */
export class ByteTable<V> {
  /** Open addressing, at most half full; null: free. */
  readonly #slots: (Entry<V> | null)[];
  readonly #mask: number;

  /** @param entries the first counts where two have the same key */
  constructor(entries: readonly Entry<V>[]) {
    let size = 2;
    while (size < 2 * entries.length) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Array<Entry<V> | null>(size).fill(null);
    for (const entry of entries) this.#add(entry);
  }

  /** The value of bytes [start, end), which have this hash. @param fold what a byte counts as, for all 256; the keys are folded */
  get(hash: number, bytes: Uint8Array, start: number, end: number, fold: Uint8Array): V | null {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let at = placeOf(hash) & mask; ; at = (at + 1) & mask) {
      const entry = slots[at] ?? null;
      if (entry === null) return null;
      if (entry.hash === hash && isSame(entry.key, bytes, start, end, fold)) return entry.value;
    }
  }

  #add(entry: Entry<V>): void {
    let at = placeOf(entry.hash) & this.#mask;
    for (let taken = this.#slots[at]; taken; taken = this.#slots[at]) {
      if (taken.hash === entry.hash && taken.key.equals(entry.key)) return;
      at = (at + 1) & this.#mask;
    }
    this.#slots[at] = entry;
  }
}

interface Entry<V> {
  readonly hash: number;
  readonly key: Buffer;
  readonly value: V;
}

/** The low bits of the hash know nothing of the high bits of the bytes. */
function placeOf(hash: number): number {
  return hash ^ (hash >>> 15);
}

function isSame(key: Uint8Array, bytes: Uint8Array, start: number, end: number, fold: Uint8Array): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i += 1) {
    if (fold[bytes[start + i] ?? 0] !== key[i]) return false;
  }
  return true;
}
