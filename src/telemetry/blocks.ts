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
  return sumRange(counted, slot, 1);
}

/** The sum of `count` neighbouring slots, beginning with `first`, over all workers. */
export function sumRange({ blocks }: Counted<unknown>, first: number, count: number): number {
  let all = 0;
  for (const block of blocks) for (let slot = first; slot < first + count; slot++) all += block[slot] ?? 0;
  return all;
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

/** The unit in which the kernel gives memory, on most machines. */
const PAGE_BYTES = 4096;
/** Memory that the allocator takes from the kernel for itself alone (it does from 128 KiB on): a page of it is there once it is written to. */
const SLAB_BYTES = 1 << 20;

/**
 * The blocks of one worker slot, cut from slabs. A block alone would be memory from the heap, which is cleared and so resident in full: of
 * the 16 KiB of a series most hold nothing, and of 2,000 series most are idle. What is given back is used again.
 */
class BlockStore {
  readonly #length: number;
  /** Numbers from one block to the next: whole pages for a block that is larger than one. */
  readonly #stride: number;
  readonly #restMs: number;
  #slab: Block = newBlock(0);
  #used = 0;
  /** In the order in which they were given back. */
  readonly #resting: { readonly block: Block; readonly since: number }[] = [];

  /**
   * @param length of a block in numbers
   * @param restMs how long a block that was given back is left alone: a request that was decided before may still write to it
   */
  constructor(length: number, restMs: number) {
    const page = PAGE_BYTES / Float64Array.BYTES_PER_ELEMENT;
    this.#length = length;
    this.#stride = length < page ? length : Math.ceil(length / page) * page;
    this.#restMs = restMs;
  }

  /** A block of zeros. @param now milliseconds */
  take(now: number): Block {
    const [oldest] = this.#resting;
    if (oldest !== undefined && now - oldest.since >= this.#restMs) {
      this.#resting.shift();
      return oldest.block.fill(0);
    }
    if (this.#used + this.#stride > this.#slab.length) {
      this.#slab = newBlock(Math.max(SLAB_BYTES / Float64Array.BYTES_PER_ELEMENT, this.#stride));
      this.#used = 0;
    }
    const block = this.#slab.subarray(this.#used, this.#used + this.#length);
    this.#used += this.#stride;
    return block;
  }

  /** Nobody counts into it any more. @param now milliseconds */
  give(block: Block, now: number): void {
    this.#resting.push({ block, since: now });
  }
}

/** Blocks by key for every worker slot: made when a key first appears, kept for a while after it is gone. */
export class Blocks<L> {
  readonly #entries = new Map<string, Entry<L>>();
  /** Null: not in order since the last change. */
  #sorted: readonly Counted<L>[] | null = null;
  readonly #forgotten = new Set<string>();
  /** Of each worker slot. */
  readonly #stores: readonly BlockStore[];
  readonly #busy: (counted: Counted<L>) => boolean;
  /** Grows whenever a key is made or forgotten. */
  revision = 0;

  /**
   * @param length of a block
   * @param restMs how long the block of a key that was forgotten is not used for another one
   * @param busy a gone key for which this holds is not forgotten yet
   */
  constructor(workers: number, length: number, restMs: number, busy: (counted: Counted<L>) => boolean) {
    this.#stores = Array.from({ length: workers }, () => new BlockStore(length, restMs));
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
      const blocks = this.#stores.map((store) => store.take(now));
      this.#entries.set(key, { labels, blocks, goneAt: null });
      this.#sorted = null;
      this.revision += 1;
      added.push(key);
    }
    return added;
  }

  /** Forgets what has been gone for so long, or longer. */
  expire(retainMs: number, now: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.goneAt === null || entry.goneAt > now - retainMs || this.#busy(entry)) continue;
      this.#entries.delete(key);
      for (const [worker, block] of entry.blocks.entries()) this.#stores[worker]?.give(block, now);
      this.#sorted = null;
      this.revision += 1;
      this.#forgotten.add(key);
    }
  }

  /** The keys forgotten since the last call, so that the workers let go of their blocks too. */
  takeForgotten(): string[] {
    const keys = [...this.#forgotten];
    this.#forgotten.clear();
    return keys;
  }

  /** The blocks of one worker slot, for these keys or for all. */
  of(worker: number, keys: Iterable<string> = this.#entries.keys()): [key: string, block: Block][] {
    const result: [string, Block][] = [];
    for (const key of keys) {
      const block = this.#entries.get(key)?.blocks[worker];
      if (block !== undefined) result.push([key, block]);
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
