import { hostPort } from '../common/host-port.ts';
import type { Endpoint } from '../routing/table.ts';
import { drawLessBusy, drawWithRoom } from './draw.ts';
import type { EndpointSplice } from './endpoint-changes.ts';
import type { EjectionSettings } from './endpoint-health.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { type EndpointReview, review, reviewOfGood } from './endpoint-review.ts';
import { PendingQueue } from './pending-queue.ts';
import { RetryBudget, type RetrySettings } from './retry-budget.ts';
import { drawByWarmth, warmthOf } from './slow-start.ts';
import type { UpstreamContext } from './upstream-context.ts';
import { WatchedEndpoints } from './watched-endpoints.ts';

export interface PoolOptions {
  /** Idle connections kept for each endpoint. */
  readonly maxIdle: number;
  /** Null: requests are not sent again. */
  readonly retries?: RetrySettings | null;
  /** Null: endpoints that fail are chosen like all others. */
  readonly ejection?: EjectionSettings | null;
  /** Exchanges in flight at each endpoint; 0, as when it is not given: any number. */
  readonly maxActive?: number;
  /** Requests that may wait for room. */
  readonly maxPending?: number;
  /** [0, 1), for tests. */
  readonly random?: () => number;
}

/** What a failure led to: `ejected`, or `failing` where the endpoint should be and may not. */
export interface Verdict {
  readonly standing: 'ejected' | 'failing';
  /** Milliseconds. */
  readonly time: number;
}

/** The endpoints of one version. It belongs to the version's key, so a promotion moves no connection. */
export class VersionPool {
  readonly key: string;
  readonly budget: RetryBudget;
  /** Requests that wait because every endpoint is full. */
  readonly pending: PendingQueue;
  /** Number of the last table that named it: those that are not in the newest are forgotten. */
  namedBy = 0;
  /** At least one endpoint is worth a try. Read for each request, so it is set when something changes. */
  usable = false;
  /** Endpoints that are left out because they fail. */
  ejected = 0;
  /** As of the last sweep: there are endpoints, and none has been good since the last one failed. */
  failing = false;
  #endpoints: readonly EndpointPool[] = [];
  /** What is chosen from: the endpoints that may be, or all of them when none is worth a try. */
  #choice: readonly EndpointPool[] = [];
  /** Among them are endpoints that may get one request, on trial. */
  #due = false;
  /** Among the endpoints are new ones, that start slowly. */
  #warming = false;
  /** Milliseconds; 0: off. */
  #slowStart = 0;
  /** Who is left out, in words, and who was at the last sweep. */
  #leftOut = '';
  #leftOutShown = '';
  #anyGood = false;
  /** Nothing is held against any endpoint. */
  #allGood = true;
  #serving = false;
  /** Its endpoints have been thought over since the last sweep. */
  #reviewed = false;
  readonly #watched = new WatchedEndpoints();
  readonly #maxIdle: number;
  readonly #maxActive: number;
  readonly #onRoom: (() => void) | null;
  readonly #ejection: EjectionSettings | null;
  readonly #random: () => number;
  #tls: UpstreamContext | null = null;

  constructor(key: string, options: PoolOptions) {
    const { maxIdle, maxActive = 0, maxPending = 0, retries = null, ejection = null, random = Math.random } = options;
    this.key = key;
    this.budget = new RetryBudget(retries);
    this.pending = new PendingQueue(maxPending);
    this.#maxIdle = maxIdle;
    this.#maxActive = maxActive === 0 ? Infinity : maxActive;
    this.#onRoom = maxActive === 0 ? null : () => this.#serveSoon();
    this.#ejection = ejection;
    this.#random = random;
  }

  get endpoints(): readonly EndpointPool[] {
    return this.#endpoints;
  }

  /** `host:port` of those that are left out because they fail. */
  get leftOut(): readonly string[] {
    return this.#leftOut.split(' ').slice(0, -1);
  }

  /** There are endpoints, worth a try or not. */
  get listed(): boolean {
    return this.#endpoints.length > 0;
  }

  /** Keeps the pools of endpoints that stay, so pod churn costs nobody a connection. @param now milliseconds, monotonic. */
  update(endpoints: readonly Endpoint[], now = 0): void {
    this.splice({ start: 0, deleted: this.#endpoints.length, inserted: endpoints }, now);
  }

  /** The same for a part of the list: of thousands of endpoints nobody looks at those that stay. */
  splice({ start, deleted, inserted }: EndpointSplice, now = 0): void {
    const before = this.#endpoints;
    const gone = new Map(before.slice(start, start + deleted).map((pool) => [pool.name, pool]));
    const come = inserted.map((endpoint) => {
      const name = hostPort(endpoint.host, endpoint.port);
      const pool = gone.get(name);
      if (pool === undefined) return this.#newPool(endpoint, now);
      gone.delete(name);
      return pool;
    });
    this.#endpoints = [...before.slice(0, start), ...come, ...before.slice(start + deleted)];
    for (const pool of gone.values()) pool.retire();
    this.#take(this.#allGood ? reviewOfGood(this.#endpoints) : review(this.#endpoints));
  }

  /** How its endpoints are spoken to from now on. Null: no TLS. */
  secure(tls: UpstreamContext | null): void {
    this.#tls = tls;
    for (const pool of this.#endpoints) pool.secure(tls);
  }

  /** @param ms for how long a new endpoint gets less than its share; 0: not at all */
  startSlowly(ms: number, now: number): void {
    if (ms === this.#slowStart) return;
    this.#slowStart = ms;
    this.#warm(now);
  }

  /** What health checks have found: the endpoints with these names are unhealthy, and all others are not. */
  checked(unhealthy: ReadonlySet<string>, now: number): void {
    for (const endpoint of this.#endpoints) {
      const healthy = !unhealthy.has(endpoint.name);
      if (healthy && !endpoint.health.checked) endpoint.since = now;
      endpoint.health.checked = healthy;
    }
    this.#warm(now);
    this.#review();
  }

  /**
   * A request to this endpoint was not answered. Null: that changes nothing yet.
   * @param now milliseconds, monotonic.
   * @param sure no request can have brought it about
   */
  failed(endpoint: EndpointPool, now: number, sure = true): Verdict | null {
    const { health, retired } = endpoint;
    if (this.#ejection === null || retired) return null;
    this.#watched.add(endpoint);
    const most = Math.max(1, Math.floor(this.#endpoints.length * this.#ejection.maxShare));
    const others = health.standing === 'trial' ? this.ejected - 1 : this.ejected;
    const { standing } = health;
    const time = health.failed(this.#ejection, now, others < most, this.#random(), sure);
    if (health.standing !== standing) this.#review();
    if (time === 0) return null;
    return { standing: health.standing === 'ejected' ? 'ejected' : 'failing', time };
  }

  /**
   * A request to this endpoint was answered. To be called while its health is troubled.
   * True: it had been left out, and is not any more.
   */
  answered({ health, retired }: EndpointPool, now: number): boolean {
    const { standing } = health;
    // What was under way when it was ejected proves nothing; but where nobody was left to choose, it was tried on purpose.
    if (retired || (standing === 'ejected' && this.usable)) return false;
    health.answered(now);
    // Most have failed once, and stood well all the time.
    if (standing === 'good') return false;
    this.#review();
    return true;
  }

  /** A request to this endpoint ended, and nobody knows whether it would have been answered. */
  untried({ health, retired }: EndpointPool): void {
    if (retired || health.standing !== 'trial') return;
    health.untried();
    this.#review();
  }

  /** Whether another endpoint than this one can be chosen. */
  hasOther(than: EndpointPool): boolean {
    return this.#choice.some((endpoint) => endpoint !== than);
  }

  /**
   * An endpoint that is left out, for a request that has nowhere else to go: better than none at all, and the request learns at
   * once if it is dead. That matters where the endpoints of a version fail in turn, faster than an ejection ends.
   */
  lastResort(failed: EndpointPool): EndpointPool | null {
    const others = this.#endpoints.filter((endpoint) => endpoint !== failed && !endpoint.full);
    const endpoint = others[Math.floor(this.#random() * others.length)] ?? null;
    if (endpoint !== null) this.#watched.add(endpoint);
    return endpoint;
  }

  /**
   * Lets time pass: to be called several times a second. Of a thousand versions most have nothing to do for hours, and to look at all their
   * endpoints would keep the others waiting: only those are looked at that were chosen, and that have not come to rest since.
   * @param now milliseconds, monotonic.
   * @returns true: other endpoints are left out than at the last call.
   */
  sweep(now: number): boolean {
    this.budget.sweep(now);
    if (!this.#reviewed && !this.#warming && !this.#watched.any && this.pending.length === 0) return false;
    this.#serveSoon();
    if (this.#watched.sweep(now)) this.#review();
    if (this.#warming) this.#warm(now);
    this.#reviewed = false;
    // An endpoint on trial makes a version usable; it does not make it well.
    this.failing = this.listed && !this.#anyGood && (this.failing || !this.usable);
    const shown = this.#leftOutShown;
    this.#leftOutShown = this.#leftOut;
    return shown !== this.#leftOut;
  }

  /**
   * @param except not this one while there is another: it has just failed.
   * @returns null when there is none, or none that has room, or others wait for room already.
   */
  pick(except: EndpointPool | null): EndpointPool | null {
    return this.pending.length === 0 ? this.#choose(except) : null;
  }

  #newPool(endpoint: Endpoint, now: number): EndpointPool {
    const pool = new EndpointPool(endpoint, this.#maxIdle, this.#maxActive, this.#onRoom);
    pool.since = now;
    pool.warmth = warmthOf(0, this.#slowStart);
    if (pool.warmth < 1) this.#warming = true;
    pool.secure(this.#tls);
    return pool;
  }

  #choose(except: EndpointPool | null): EndpointPool | null {
    let chosen = this.#warming
      ? drawByWarmth(this.#choice, this.#random, except)
      : drawLessBusy(this.#choice, this.#random, except);
    if (chosen?.full) chosen = drawWithRoom(this.#choice, this.#random, except);
    if (chosen === null) return null;
    this.#watched.add(chosen);
    return this.#due ? this.#onTrial(chosen) : chosen;
  }

  #onTrial(chosen: EndpointPool): EndpointPool {
    if (chosen.health.standing === 'due') {
      chosen.health.beginTrial();
      this.#review();
    }
    return chosen;
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
      const stays = this.listed && (this.usable || !ticket.waiter.canFallBack);
      const endpoint = stays ? this.#choose(ticket.except) : null;
      if (stays && endpoint === null) return;
      this.pending.leave(ticket);
      if (endpoint === null) ticket.waiter.onNoEndpoints();
      else ticket.waiter.onEndpoint(endpoint);
    }
  }

  #warm(now: number): void {
    this.#warming = false;
    for (const endpoint of this.#endpoints) {
      endpoint.warmth = warmthOf(now - endpoint.since, this.#slowStart);
      if (endpoint.warmth < 1) this.#warming = true;
    }
  }

  /** To be called when an endpoint is thought of otherwise. */
  #review(): void {
    this.#take(review(this.#endpoints));
  }

  #take({ choice, usable, anyGood, allGood, due, ejected, leftOut }: EndpointReview): void {
    this.#reviewed = true;
    this.#choice = choice;
    this.#due = due;
    this.#anyGood = anyGood;
    this.#allGood = allGood;
    this.#leftOut = leftOut;
    this.usable = usable;
    this.ejected = ejected;
    this.#serveSoon();
  }
}
