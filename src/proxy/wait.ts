import type { Candidate } from '../routing/match.ts';
import { enterQueue, leaveQueue } from '../telemetry/record.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import type { Ticket, Waiter } from '../upstream/pending-queue.ts';
import type { LiveVersion } from './live-version.ts';

/** One request that waits until an endpoint of its version has room: its place in the queue, where it is counted. */
export class Wait {
  readonly version: Candidate<LiveVersion>;
  /** It is to go out on a new connection. */
  readonly fresh: boolean;
  readonly #ticket: Ticket;

  constructor(version: Candidate<LiveVersion>, fresh: boolean, ticket: Ticket) {
    this.version = version;
    this.fresh = fresh;
    this.#ticket = ticket;
    enterQueue(version.live.counters);
  }

  /** @returns null: the queue is full */
  static begin(
    waiter: Waiter,
    version: Candidate<LiveVersion>,
    except: EndpointPool | null,
    fresh: boolean,
  ): Wait | null {
    const ticket = version.live.pool.pending.join(waiter, except);
    return ticket === null ? null : new Wait(version, fresh, ticket);
  }

  /** Its turn has come, or it may not come any more. */
  over(): void {
    leaveQueue(this.version.live.counters);
  }

  /** Gives its place up. */
  leave(): void {
    this.version.live.pool.pending.leave(this.#ticket);
    this.over();
  }
}
