/** A block as the main thread holds it: memory that one worker writes and this thread reads. */
export type Block = Float64Array<SharedArrayBuffer>;

/** What is counted, and the block of each worker slot. */
export interface Counted<L> {
  readonly labels: L;
  readonly blocks: readonly Block[];
}

interface Entry<L> extends Counted<L> {
  /** When it left the table; null while it is in it. */
  goneAt: number | null;
}

export function newBlock(length: number): Block {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
}

/** The sum of one slot over all workers. */
export function sum(counted: Counted<unknown>, slot: number): number {
  let total = 0;
  for (const block of counted.blocks) total += block[slot] ?? 0;
  return total;
}

/**
 * The sums of neighbouring slots over all workers, beginning with `first`, as many as `into` has room for. Block by block:
 * 2,000 versions of four workers are 130 MB, and slots of one block lie side by side.
 */
export function sums({ blocks }: Counted<unknown>, first: number, into: Float64Array): void {
  into.fill(0);
  const { length } = into;
  for (const block of blocks) {
    for (let index = 0; index < length; index++) {
      const value = block[first + index];
      // Nearly all of them.
      if (value !== 0) into[index] = (into[index] ?? 0) + (value ?? 0);
    }
  }
}

/** Blocks by key for every worker slot: made when a key first appears, kept for a while after it is gone. */
export class Blocks<L> {
  readonly #entries = new Map<string, Entry<L>>();
  /** Null: not in order since the last change. */
  #sorted: readonly Counted<L>[] | null = null;
  readonly #forgotten = new Set<string>();
  readonly #workers: number;
  readonly #length: number;
  readonly #busy: (counted: Counted<L>) => boolean;

  /** `busy`: a gone key for which this holds is not forgotten yet. */
  constructor(workers: number, length: number, busy: (counted: Counted<L>) => boolean) {
    this.#workers = workers;
    this.#length = length;
    this.#busy = busy;
  }

  /** Makes `wanted` the keys that are present. Returns the keys that are new. */
  replace(wanted: ReadonlyMap<string, L>, now: number): string[] {
    const added: string[] = [];
    for (const [key, entry] of this.#entries) {
      if (wanted.has(key)) entry.goneAt = null;
      else entry.goneAt ??= now;
    }
    for (const [key, labels] of wanted) {
      if (this.#entries.has(key)) continue;
      const blocks = Array.from({ length: this.#workers }, () => newBlock(this.#length));
      this.#entries.set(key, { labels, blocks, goneAt: null });
      this.#sorted = null;
      this.#forgotten.delete(key);
      added.push(key);
    }
    return added;
  }

  /** Forgets what has been gone since `deadline` or longer. */
  expire(deadline: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.goneAt === null || entry.goneAt > deadline || this.#busy(entry)) continue;
      this.#entries.delete(key);
      this.#sorted = null;
      this.#forgotten.add(key);
    }
  }

  /** The keys forgotten since the last call, so that the workers let go of their blocks too. */
  takeForgotten(): string[] {
    const keys = [...this.#forgotten];
    this.#forgotten.clear();
    return keys;
  }

  /** The buffers of one worker slot, for these keys or for all. */
  buffers(worker: number, keys: Iterable<string> = this.#entries.keys()): [key: string, buffer: SharedArrayBuffer][] {
    const result: [string, SharedArrayBuffer][] = [];
    for (const key of keys) {
      const block = this.#entries.get(key)?.blocks[worker];
      if (block !== undefined) result.push([key, block.buffer]);
    }
    return result;
  }

  /** Sets one slot of a worker's blocks to 0. */
  clear(worker: number, slot: number): void {
    for (const { blocks } of this.#entries.values()) blocks[worker]?.fill(0, slot, slot + 1);
  }

  /** In the order of the keys, whatever order they appeared in. */
  all(): readonly Counted<L>[] {
    this.#sorted ??= [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
    return this.#sorted;
  }
}
