import type { EndpointMap } from '../routing/table.ts';
import { type PoolOptions, VersionPool } from './version-pool.ts';

/** Every version's endpoints in one worker, by version key. */
export class Upstreams {
  readonly #pools = new Map<string, VersionPool>();
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The pool of a version; empty until endpoints are known. */
  of(key: string): VersionPool {
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new VersionPool(key, this.#options);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Applies a change: only the keys in it; an empty list leaves a version without endpoints. */
  update(changes: EndpointMap, now = 0): void {
    for (const [key, endpoints] of Object.entries(changes)) this.of(key).update(endpoints, now);
  }

  /** Forgets versions that no table names any more. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, pool] of this.#pools) {
      if (keys.has(key)) continue;
      pool.update([]);
      this.#pools.delete(key);
    }
  }

  /**
   * @param onTurn told of each version that has begun or ceased to be failing
   * @returns true: in some version another number of endpoints is ejected than at the last sweep.
   */
  sweep(now: number, onTurn?: (pool: VersionPool) => void): boolean {
    let changed = false;
    for (const pool of this.#pools.values()) {
      const { failing } = pool;
      if (pool.sweep(now)) changed = true;
      if (pool.failing !== failing) onTurn?.(pool);
    }
    return changed;
  }

  closeIdle(): void {
    for (const pool of this.#pools.values()) pool.update([]);
  }
}
