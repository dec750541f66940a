import { difference } from '../common/difference.ts';
import type { Route, RoutingTable } from '../routing/table.ts';
import { type Block, Blocks, type Counted, newBlock, sum } from './blocks.ts';
import { type FallbackLabels, keysOf, type SeriesLabels } from './keys.ts';
import {
  BLOCK_LENGTH,
  CONNECTIONS_OPEN,
  ENDPOINTS_EJECTED,
  FALLBACK_BLOCK_LENGTH,
  IN_FLIGHT,
  PENDING,
  TABLE_GENERATION,
  WORKER_BLOCK_LENGTH,
} from './layout.ts';

/** What a worker needs to count for a table. Shared memory and strings: structuredClone takes it as it is. */
export interface CountersPatch {
  /** The worker's own block; the same in every patch of a slot. */
  readonly worker: SharedArrayBuffer;
  /** The blocks of all workers, this one's too: a limit may hold for all of them together. */
  readonly workers: readonly SharedArrayBuffer[];
  /** New blocks by `seriesKey`. */
  readonly series: readonly (readonly [key: string, block: Block])[];
  /** New blocks by `fallbackKey`. */
  readonly fallbacks: readonly (readonly [key: string, block: Block])[];
  /** Keys of either kind that are no longer counted. Applied before the new blocks. */
  readonly forgotten: readonly string[];
}

/** 15 minutes: several scrapes see the last value of a version that is gone. */
const RETAIN_MS = 15 * 60_000;

export interface SeriesRegistryOptions {
  /** Number of worker slots. */
  readonly workers: number;
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  /** How long counts stay after their version is gone. Default 15 minutes. */
  readonly retainMs?: number;
}

/** The main thread's side: allocates blocks for every worker slot, remembers and forgets them. */
export class SeriesRegistry {
  readonly #series: Blocks<SeriesLabels>;
  readonly #fallbacks: Blocks<FallbackLabels>;
  readonly #workers: readonly Block[];
  readonly #buffers: readonly SharedArrayBuffer[];
  #table: RoutingTable = { routes: [] };
  readonly #now: () => number;
  readonly #retainMs: number;

  constructor({ workers, now, retainMs = RETAIN_MS }: SeriesRegistryOptions) {
    // A stream that outlives its version must still be counted when it ends.
    this.#series = new Blocks(workers, BLOCK_LENGTH, retainMs, (counted) => sum(counted, IN_FLIGHT) > 0);
    this.#fallbacks = new Blocks(workers, FALLBACK_BLOCK_LENGTH, retainMs, () => false);
    this.#workers = Array.from({ length: workers }, () => newBlock(WORKER_BLOCK_LENGTH));
    this.#buffers = this.#workers.map((block) => block.buffer);
    this.#now = now;
    this.#retainMs = retainMs;
  }

  /** Returns the patch of each worker slot, to be sent with the table or before it. */
  update(table: RoutingTable): CountersPatch[] {
    const now = this.#now();
    const [gone, came] = difference(this.#table.routes, table.routes);
    this.#series.change(...keysBetween(gone, came, (route) => keysOf(route).series), now);
    this.#fallbacks.change(...keysBetween(gone, came, (route) => keysOf(route).fallbacks), now);
    this.#table = table;
    this.#expire(now);
    const [series, fallbacks] = [this.#series.takeAdded(), this.#fallbacks.takeAdded()];
    const forgotten = [...this.#series.takeForgotten(), ...this.#fallbacks.takeForgotten()];
    return this.#workers.map((block, worker) => ({
      worker: block.buffer,
      workers: this.#buffers,
      series: this.#series.of(worker, series),
      fallbacks: this.#fallbacks.of(worker, fallbacks),
      forgotten,
    }));
  }

  /** Everything that a new worker of this slot needs; the one before it must be dead, for a block has one writer. */
  blocksFor(worker: number): CountersPatch {
    return {
      worker: this.#block(worker).buffer,
      workers: this.#buffers,
      series: this.#series.of(worker),
      fallbacks: this.#fallbacks.of(worker),
      forgotten: [],
    };
  }

  /** The worker of this slot is dead: what it had open is open no more. Its counts stay. */
  workerLost(worker: number): void {
    const block = this.#block(worker);
    block[CONNECTIONS_OPEN] = 0;
    block[TABLE_GENERATION] = 0;
    this.#series.clear(worker, IN_FLIGHT);
    this.#series.clear(worker, PENDING);
    this.#series.clear(worker, ENDPOINTS_EJECTED);
  }

  /** Grows whenever a series or a fallback is made or forgotten. */
  get revision(): number {
    return this.#series.revision + this.#fallbacks.revision;
  }

  /** For the exposition: all series, those retained included, in an order that does not depend on history. */
  series(): readonly Counted<SeriesLabels>[] {
    this.#expire(this.#now());
    return this.#series.all();
  }

  fallbacks(): readonly Counted<FallbackLabels>[] {
    this.#expire(this.#now());
    return this.#fallbacks.all();
  }

  /** The blocks of the workers themselves, by slot. */
  workers(): readonly Block[] {
    return this.#workers;
  }

  #expire(now: number): void {
    this.#series.expire(this.#retainMs, now);
    this.#fallbacks.expire(this.#retainMs, now);
  }

  #block(worker: number): Block {
    const block = this.#workers[worker];
    if (block === undefined) throw new RangeError(`worker slot ${worker} is not one of ${this.#workers.length}`);
    return block;
  }
}

/** What of the routes that are gone is gone, and what of the new ones has come. */
function keysBetween<L>(
  gone: ReadonlySet<Route>,
  came: ReadonlySet<Route>,
  of: (route: Route) => readonly (readonly [key: string, labels: L])[],
): [gone: string[], came: (readonly [key: string, labels: L])[]] {
  return [[...gone].flatMap((route) => of(route).map(([key]) => key)), [...came].flatMap(of)];
}

/** A worker's side: finds the block once at table load, so that the request path only adds to it. */
export class WorkerCounters {
  /** Requests that reached no version, connections, the table's generation: see `layout.ts`. */
  readonly worker: Float64Array;
  /** Those of all workers, to be read only. */
  readonly workers: readonly Float64Array[];
  readonly #series = new Map<string, Float64Array>();
  readonly #fallbacks = new Map<string, Float64Array>();
  readonly #unknown = new Float64Array(FALLBACK_BLOCK_LENGTH);

  constructor(initial: CountersPatch) {
    this.worker = new Float64Array(initial.worker);
    this.workers = initial.workers.map((buffer) => new Float64Array(buffer));
    this.apply(initial);
  }

  apply(patch: CountersPatch): void {
    for (const key of patch.forgotten) {
      this.#series.delete(key);
      this.#fallbacks.delete(key);
    }
    for (const [key, block] of patch.series) this.#series.set(key, block);
    for (const [key, block] of patch.fallbacks) this.#fallbacks.set(key, block);
  }

  /** The block of a `seriesKey`. Throws where no patch has brought it: a table must not overtake its counters. */
  series(key: string): Float64Array {
    const block = this.#series.get(key);
    if (block === undefined) throw new Error(`no counters for ${key}: its patch has not been applied`);
    return block;
  }

  /**
   * The block of a `fallbackKey`. It is asked for while a request is served, so an edge that no patch has brought gets
   * a block that nobody reads: a number missed is better than a request.
   */
  fallback(key: string): Float64Array {
    return this.#fallbacks.get(key) ?? this.#unknown;
  }
}
