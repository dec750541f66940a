import type { Endpoint } from '../routing/table.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { PendingQueue } from './pending-queue.ts';
import { RetryBudget, type RetrySettings } from './retry-budget.ts';

export interface PoolOptions {
  /** Idle connections kept for each endpoint. */
  readonly maxIdle: number;
  /** Null: requests are not sent again. */
  readonly retries?: RetrySettings | null;
  /** Exchanges in flight at each endpoint; 0, as when it is not given: any number. */
  readonly maxActive?: number;
  /** Requests that may wait for room. */
  readonly maxPending?: number;
  /** [0, 1), for tests. */
  readonly random?: () => number;
}

/** The endpoints of one version. It belongs to the version's key, so a promotion moves no connection. */
export class VersionPool {
  readonly key: string;
  readonly budget: RetryBudget;
  #endpoints: readonly EndpointPool[] = [];
  /** Requests that wait because every endpoint is full. */
  readonly pending: PendingQueue;
  readonly #maxIdle: number;
  readonly #maxActive: number;
  readonly #onRoom: (() => void) | null;
  #serving = false;
  readonly #random: () => number;

  constructor(key: string, options: PoolOptions) {
    const { maxIdle, retries = null, maxActive = 0, maxPending = 0, random = Math.random } = options;
    this.key = key;
    this.budget = new RetryBudget(retries);
    this.pending = new PendingQueue(maxPending);
    this.#maxIdle = maxIdle;
    this.#maxActive = maxActive === 0 ? Infinity : maxActive;
    this.#onRoom = maxActive === 0 ? null : () => this.#serveSoon();
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
      const pool = new EndpointPool(endpoint, this.#maxIdle, this.#maxActive, this.#onRoom);
      const before = kept.get(pool.name);
      kept.delete(pool.name);
      return before ?? pool;
    });
    for (const pool of kept.values()) pool.retire();
    this.#serveSoon();
  }

  /** Whether there is an endpoint besides this one. */
  hasOther(than: EndpointPool): boolean {
    return this.#endpoints.some((endpoint) => endpoint !== than);
  }

  /** Lets time pass: to be called several times a second. @param now milliseconds, monotonic. */
  sweep(now: number): void {
    this.budget.sweep(now);
    this.#serveSoon();
    for (const endpoint of this.#endpoints) endpoint.sweep(now);
  }

  /**
   * The less busy of two endpoints drawn at random: within a constant of the best there is, and unlike a full scan it
   * does not send every worker to the same one (Mitzenmacher, "The Power of Two Choices", 2001).
   * @param except not this one while there is another: it has just failed.
   * @returns null when there is none, or none that has room, or others wait for room already.
   */
  pick(except: EndpointPool | null): EndpointPool | null {
    if (this.pending.length !== 0) return null;
    const chosen = this.#choose(except);
    return chosen?.full ? this.#withRoom(except) : chosen;
  }

  #choose(except: EndpointPool | null): EndpointPool | null {
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
  /** Any that is not full, from a random one on; `except` only where it alone has room. */
  #withRoom(except: EndpointPool | null): EndpointPool | null {
    const all = this.#endpoints;
    const offset = Math.floor(this.#random() * all.length);
    for (let i = 0; i < all.length; i += 1) {
      const endpoint = all[(offset + i) % all.length];
      if (endpoint !== undefined && endpoint !== except && !endpoint.full) return endpoint;
    }
    return except !== null && !except.retired && !except.full ? except : null;
  }

  /** Not at once: whoever frees an endpoint is in the middle of ending its exchange. Nobody overtakes meanwhile. */
  #serveSoon(): void {
    if (this.#serving || this.pending.length === 0) return;
    this.#serving = true;
    process.nextTick(() => this.#servePending());
  }

  #servePending(): void {
    this.#serving = false;
    for (let ticket = this.pending.first; ticket !== null; ticket = this.pending.first) {
      const endpoint = this.usable ? this.#choose(ticket.except) : null;
      const roomy = endpoint?.full ? this.#withRoom(ticket.except) : endpoint;
      if (this.usable && roomy === null) return;
      this.pending.leave(ticket);
      if (roomy === null) ticket.waiter.onNoEndpoints();
      else ticket.waiter.onEndpoint(roomy);
    }
  }
}
