import type { RequestHead } from '../http1/request-head.ts';
import { type Candidate, roleName } from '../routing/match.ts';
import type { FallbackReason } from '../routing/table.ts';
import type { RejectionReason } from '../telemetry/layout.ts';
import { recordRefused, recordRejection, recordRetry, recordRetryRefused } from '../telemetry/record.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import type { Waiter } from '../upstream/pending-queue.ts';
import type { Account } from './account.ts';
import type { DataPlane } from './data-plane.ts';
import type { LiveVersion } from './live-version.ts';
import type { RequestRelay } from './request-relay.ts';
import { type FailedAttempt, nextAttempt, retryReason } from './retry.ts';
import { Wait } from './wait.ts';

/** How an attempt ended of which the client has seen nothing. */
type AttemptEnd = Pick<FailedAttempt, 'reason' | 'unsent'>;

/** What becomes of a request that was dispatched: it is told one of these, at once or when its wait is over. */
export interface Dispatched {
  /** The endpoint has room, for this request and now. @param fresh on a new connection */
  onEndpoint(head: RequestHead, endpoint: EndpointPool, fresh: boolean): void;
  /** It waits for an endpoint of its version to have room. */
  onWait(): void;
  /** It may not wait any more, or not at all. */
  onRejected(reason: RejectionReason): void;
  onNowhere(cause: 'no_endpoints' | 'internal'): void;
}

/**
 * Where one request goes: to which endpoint of its version, after a wait where all are full, once more after a failure, and to
 * the version that falls in. An exchange has one and uses it again and again.
 */
export class Dispatch implements Waiter {
  readonly #account: Account;
  readonly #request: RequestRelay;
  readonly #exchange: Dispatched;
  readonly #plane: DataPlane;
  #wait: Wait | null = null;
  /** The request has been sent again: to the same version, to the one that falls in. */
  #retried = false;
  #fellBack = false;

  constructor(plane: DataPlane, account: Account, request: RequestRelay, exchange: Dispatched) {
    this.#plane = plane;
    this.#account = account;
    this.#request = request;
    this.#exchange = exchange;
  }

  get waiting(): boolean {
    return this.#wait !== null;
  }

  /** Sends a new request to the version that was decided on. */
  begin(head: RequestHead, version: Candidate<LiveVersion>): void {
    this.#retried = false;
    this.#fellBack = false;
    version.live.pool.budget.requests += 1;
    // A tunnel keeps its connection to itself, and a stale one would be fatal, for such a request is not repeated.
    this.#attempt(head, version, null, head.upgrade);
  }

  /**
   * Sends it once more, to the same version or to the one that falls in.
   * @returns false: that is not safe, or there is nowhere to send it
   */
  again(version: Candidate<LiveVersion>, failed: EndpointPool, attempt: AttemptEnd): boolean {
    const { idempotent, unrepeatable } = this.#request;
    const reason = retryReason({ ...attempt, idempotent, repeatable: !unrepeatable });
    if (reason === null || this.#plane.settings.retries === null) return false;
    const { pool, counters } = version.live;
    const unsent = reason === 'connect';
    const fallback = this.#fallbackOf(version);
    const another = unsent ? pool.hasOther(failed) : pool.listed;
    const resort = another || fallback !== undefined ? null : pool.lastResort(failed);
    const choices = {
      retried: this.#retried,
      another: another || resort !== null,
      usable: pool.usable,
      fallback: fallback !== undefined,
    };
    let to = nextAttempt(choices);
    if (to === 'same' && !pool.budget.take()) {
      recordRetryRefused(counters, reason);
      to = nextAttempt({ ...choices, another: false });
    }
    if (to === 'none') return false;
    const head = this.#request.again();
    if (head === null) return false;
    recordRetry(counters, reason);
    if (to === 'fallback' && fallback !== undefined) {
      // A Pod that is scaled down ends its connections while it leaves the endpoints.
      const why = unsent || pool.listed ? 'connect_failed' : 'no_endpoints';
      this.#fallBack(head, version, fallback, why, failed);
    } else {
      this.#retried = true;
      // The connection may have been stale, but its endpoint may as well be dead.
      if (resort === null) this.#attempt(head, version, failed, true);
      else this.#send(head, version, resort, true);
    }
    this.#plane.requestHeads.give(head);
    return true;
  }

  /** Gives up the place in the queue, if there is one. */
  leave(): void {
    this.#wait?.leave();
    this.#wait = null;
  }

  /** The wait ends without an endpoint: it was too long, or there is no place to wait. */
  reject(reason: RejectionReason): void {
    this.leave();
    const { version } = this.#account;
    if (version !== null) recordRejection(version.live.counters, reason);
    this.#exchange.onRejected(reason);
  }

  get canFallBack(): boolean {
    return this.#wait !== null && this.#fallbackOf(this.#wait.version) !== undefined;
  }

  onEndpoint(endpoint: EndpointPool): void {
    const wait = this.#takeTurn();
    const head = this.#request.again();
    if (wait === null || head === null) {
      this.#exchange.onNowhere('internal');
      return;
    }
    this.#send(head, wait.version, endpoint, wait.fresh);
    this.#plane.requestHeads.give(head);
  }

  onNoEndpoints(): void {
    const wait = this.#takeTurn();
    if (wait !== null) recordRefused(wait.version.live.counters);
    const fallback = wait === null ? undefined : this.#fallbackOf(wait.version);
    const head = fallback === undefined ? null : this.#request.again();
    if (wait === null || fallback === undefined || head === null) {
      this.#exchange.onNowhere('no_endpoints');
      return;
    }
    const why = wait.version.live.listed ? 'unhealthy' : 'no_endpoints';
    this.#fallBack(head, wait.version, fallback, why, null, wait.fresh);
    this.#plane.requestHeads.give(head);
  }

  #fallBack(
    head: RequestHead,
    from: Candidate<LiveVersion>,
    to: Candidate<LiveVersion>,
    reason: FallbackReason,
    except: EndpointPool | null,
    fresh = true,
  ): void {
    this.#fellBack = true;
    this.#account.countFallback(to, roleName(from.version), reason);
    to.live.pool.budget.requests += 1;
    this.#attempt(head, to, except, fresh);
  }

  /** The version that falls in for this one, once. */
  #fallbackOf({ fallback }: Candidate<LiveVersion>): Candidate<LiveVersion> | undefined {
    if (this.#fellBack || !this.#account.decision.mayFallBack) return undefined;
    return fallback.find((candidate) => candidate.live.usable);
  }

  #attempt(head: RequestHead, version: Candidate<LiveVersion>, except: EndpointPool | null, fresh: boolean): void {
    const endpoint = version.live.pool.pick(except);
    if (endpoint !== null) this.#send(head, version, endpoint, fresh);
    else if (version.live.listed) this.#enqueue(version, except, fresh);
    else {
      recordRefused(version.live.counters);
      this.#exchange.onNowhere('no_endpoints');
    }
  }

  #send(head: RequestHead, version: Candidate<LiveVersion>, endpoint: EndpointPool, fresh: boolean): void {
    this.#account.charge(version);
    this.#account.upstreamName = endpoint.name;
    this.#exchange.onEndpoint(head, endpoint, fresh);
  }

  /** Mere busyness moves no request to another version: the shares stay what they are, and what it queues for is bounded. */
  #enqueue(version: Candidate<LiveVersion>, except: EndpointPool | null, fresh: boolean): void {
    this.#account.charge(version);
    this.#wait = Wait.begin(this, version, except, fresh);
    if (this.#wait === null) this.reject('queue_full');
    else this.#exchange.onWait();
  }

  #takeTurn(): Wait | null {
    const wait = this.#wait;
    this.#wait = null;
    wait?.over();
    return wait;
  }
}
