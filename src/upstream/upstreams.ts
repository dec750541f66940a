import type { Endpoint, EndpointMap } from '../routing/table.ts';
import { VersionPool } from './version-pool.ts';

/** Every version's endpoints in one worker, by version key. */
export class Upstreams {
  readonly #pools = new Map<string, VersionPool>();
  readonly #maxIdle: number;

  constructor(maxIdle: number) {
    this.#maxIdle = maxIdle;
  }

  /** The pool of a version; empty until endpoints are known. */
  of(key: string): VersionPool {
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new VersionPool(key, this.#maxIdle);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Applies a change: only the keys in it; an empty list leaves a version without endpoints. */
  update(changes: EndpointMap): void {
    for (const [key, endpoints] of Object.entries(changes)) this.of(key).update(endpoints);
  }

  /** Forgets versions that no table names any more. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, pool] of this.#pools) {
      if (keys.has(key)) continue;
      pool.update([]);
      this.#pools.delete(key);
    }
  }

  sweep(now: number): void {
    for (const pool of this.#pools.values()) {
      for (const endpoint of pool.endpoints) endpoint.sweep(now);
    }
  }

  closeIdle(): void {
    for (const pool of this.#pools.values()) pool.update([]);
  }
}

/** What has changed from one map to the next: changed and new keys with their list, vanished keys with an empty one. */
export function endpointChanges(before: EndpointMap, after: EndpointMap): EndpointMap {
  const changes: Record<string, readonly Endpoint[]> = {};
  for (const [key, endpoints] of Object.entries(after)) {
    if (!sameEndpoints(before[key], endpoints)) changes[key] = endpoints;
  }
  for (const key of Object.keys(before)) if (after[key] === undefined) changes[key] = [];
  return changes;
}

/** @param before undefined: not known */
export function sameEndpoints(before: readonly Endpoint[] | undefined, after: readonly Endpoint[]): boolean {
  if (before === after) return true;
  if (before?.length !== after.length) return false;
  return before.every(({ host, port }, i) => host === after[i]?.host && port === after[i].port);
}
