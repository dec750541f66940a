import type { EndpointPool } from './endpoint-pool.ts';

/** A request that waits until an endpoint of its version has room for it. Each is told one of the two, once. */
export interface Waiter {
  /** Another version would answer it. */
  readonly canFallBack: boolean;
  /** Its turn: the endpoint has room, for this waiter and now. */
  onEndpoint(endpoint: EndpointPool): void;
  /** The version has no endpoint any more; or none that is worth a try, and the waiter can fall back. */
  onNoEndpoints(): void;
}

/** A place in the queue. */
export class Ticket {
  readonly waiter: Waiter;
  /** Not this endpoint while another has room: it has just failed. */
  readonly except: EndpointPool | null;
  before: Ticket | null = null;
  after: Ticket | null = null;

  constructor(waiter: Waiter, except: EndpointPool | null) {
    this.waiter = waiter;
    this.except = except;
  }
}

/** First come, first served, of bounded length. A linked list, for a waiter may leave from anywhere. */
export class PendingQueue {
  length = 0;
  readonly #most: number;
  #first: Ticket | null = null;
  #last: Ticket | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  get first(): Ticket | null {
    return this.#first;
  }

  /** @returns null: the queue is full */
  join(waiter: Waiter, except: EndpointPool | null): Ticket | null {
    if (this.length >= this.#most) return null;
    const ticket = new Ticket(waiter, except);
    ticket.before = this.#last;
    if (this.#last === null) this.#first = ticket;
    else this.#last.after = ticket;
    this.#last = ticket;
    this.length += 1;
    return ticket;
  }

  /** Of a ticket that is in the queue. */
  leave(ticket: Ticket): void {
    const { before, after } = ticket;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    ticket.before = null;
    ticket.after = null;
    this.length -= 1;
  }
}
