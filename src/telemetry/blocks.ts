/** A block as the main thread holds it: memory that one worker writes and this thread reads. */
export type Block = Float64Array<SharedArrayBuffer>;

/** What is counted, and the block of each worker slot. */
export interface Counted<L> {
  readonly labels: L;
  readonly blocks: readonly Block[];
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
  readonly #entries = new Map<string, Counted<L>>();
  /** When they left, in milliseconds: those of `#entries` that are not present. */
  readonly #gone = new Map<string, number>();
  /** Null: not in order since the last change. */
  #sorted: readonly Counted<L>[] | null = null;
  readonly #added = new Set<string>();
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

  /** What leaves and what comes; a key that is in both stays. */
  change(gone: Iterable<string>, came: Iterable<readonly [key: string, labels: L]>, now: number): void {
    for (const key of gone) if (this.#entries.has(key) && !this.#gone.has(key)) this.#gone.set(key, now);
    for (const [key, labels] of came) {
      this.#gone.delete(key);
      if (this.#entries.has(key)) continue;
      this.#entries.set(key, { labels, blocks: this.#stores.map((store) => store.take(now)) });
      this.#sorted = null;
      this.revision += 1;
      this.#added.add(key);
    }
  }

  /** Forgets what has been gone for so long, or longer. */
  expire(retainMs: number, now: number): void {
    for (const [key, since] of this.#gone) {
      const counted = this.#entries.get(key);
      if (since > now - retainMs || (counted !== undefined && this.#busy(counted))) continue;
      this.#gone.delete(key);
      this.#entries.delete(key);
      for (const [worker, block] of counted?.blocks.entries() ?? []) this.#stores[worker]?.give(block, now);
      this.#sorted = null;
      this.revision += 1;
      this.#forgotten.add(key);
    }
  }

  /** The keys that are new since the last call: those that came before a change failed, for want of memory, are not lost. */
  takeAdded(): string[] {
    const keys = [...this.#added].filter((key) => this.#entries.has(key));
    this.#added.clear();
    return keys;
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
    this.#sorted ??= [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counted]) => counted);
    return this.#sorted;
  }
}
