import type { Endpoint } from '../routing/table.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { RetryBudget, type RetrySettings } from './retry-budget.ts';

export interface PoolOptions {
  /** Idle connections kept for each endpoint. */
  readonly maxIdle: number;
  /** Null: requests are not sent again. */
  readonly retries?: RetrySettings | null;
  /** [0, 1), for tests. */
  readonly random?: () => number;
}

/** The endpoints of one version. It belongs to the version's key, so a promotion moves no connection. */
export class VersionPool {
  readonly key: string;
  readonly budget: RetryBudget;
  #endpoints: readonly EndpointPool[] = [];
  readonly #maxIdle: number;
  readonly #random: () => number;

  constructor(key: string, { maxIdle, retries = null, random = Math.random }: PoolOptions) {
    this.key = key;
    this.budget = new RetryBudget(retries);
    this.#maxIdle = maxIdle;
    this.#random = random;
  }

  get usable(): boolean {
    return this.#endpoints.length > 0;
  }

  get endpoints(): readonly EndpointPool[] {
    return this.#endpoints;
  }

  /** Keeps the pools of endpoints that stay, so pod churn costs nobody a connection. */
  update(endpoints: readonly Endpoint[]): void {
    const kept = new Map(this.#endpoints.map((pool) => [pool.name, pool]));
    this.#endpoints = endpoints.map((endpoint) => {
      const pool = new EndpointPool(endpoint, this.#maxIdle);
      const before = kept.get(pool.name);
      kept.delete(pool.name);
      return before ?? pool;
    });
    for (const pool of kept.values()) pool.retire();
  }

  /** Whether there is an endpoint besides this one. */
  hasOther(than: EndpointPool): boolean {
    return this.#endpoints.some((endpoint) => endpoint !== than);
  }

  /** Lets time pass: to be called several times a second. @param now milliseconds, monotonic. */
  sweep(now: number): void {
    this.budget.sweep(now);
    for (const endpoint of this.#endpoints) endpoint.sweep(now);
  }

  /**
   * The less busy of two endpoints drawn at random: within a constant of the best there is, and unlike a full scan it
   * does not send every worker to the same one (Mitzenmacher, "The Power of Two Choices", 2001).
   * @param except not this one while there is another: it has just failed.
   * @returns null when there is none.
   */
  pick(except: EndpointPool | null): EndpointPool | null {
    const all = this.#endpoints;
    const count = all.length;
    if (count < 2) return all[0] ?? null;
    const i = Math.floor(this.#random() * count);
    let j = Math.floor(this.#random() * (count - 1));
    if (j >= i) j += 1;
    const a = all[i] ?? null;
    const b = all[j] ?? null;
    if (a === null || b === null) return a ?? b;
    if (a === except) return b;
    if (b === except) return a;
    return b.active < a.active ? b : a;
  }
}
