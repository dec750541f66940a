import type { EndpointChanges } from './endpoint-changes.ts';
import { type PoolOptions, VersionPool } from './version-pool.ts';

/** Every version's endpoints in one worker, by version key. */
export class Upstreams {
  readonly #pools = new Map<string, VersionPool>();
  readonly #options: PoolOptions;
  /** A version has gone whose endpoints were left out. */
  #forgot = false;

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
  update(changes: EndpointChanges, now = 0): void {
    for (const [key, change] of Object.entries(changes)) {
      if ('inserted' in change) this.of(key).splice(change, now);
      else this.of(key).update(change, now);
    }
  }

  /** Forgets the versions that this table does not name, see `VersionPool.namedBy`. */
  retain(table: number): void {
    for (const [key, pool] of this.#pools) {
      if (pool.namedBy === table) continue;
      if (pool.ejected > 0) this.#forgot = true;
      pool.update([]);
      this.#pools.delete(key);
    }
  }

  /**
   * @param onTurn told of each version that has begun or ceased to be failing
   * @returns true: other endpoints are left out than at the last sweep
   */
  sweep(now: number, onTurn?: (pool: VersionPool) => void): boolean {
    let changed = this.#forgot;
    this.#forgot = false;
    for (const pool of this.#pools.values()) {
      const { failing } = pool;
      if (pool.sweep(now)) changed = true;
      if (pool.failing !== failing) onTurn?.(pool);
    }
    return changed;
  }

  /** `host:port` of the endpoints that are left out because they fail, by version key; only versions that have any. */
  leftOut(): Record<string, readonly string[]> {
    const lists: Record<string, readonly string[]> = {};
    for (const [key, pool] of this.#pools) if (pool.ejected > 0) lists[key] = pool.leftOut;
    return lists;
  }

  closeIdle(): void {
    for (const pool of this.#pools.values()) pool.update([]);
  }
}
