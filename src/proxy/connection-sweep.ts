/** What is swept. */
interface Swept {
  /** @returns true: it took work */
  sweep(now: number): boolean;
}

/**
 * Of connections that took work, so many at a time: each costs tens of microseconds, and a thousand slow clients that time out
 * together kept all others waiting for 5 to 10 ms.
 */
const SLICE = 32;

/** Looks at every connection, and lets others have their turn in between when many of them have work to be done. */
export class ConnectionSweep {
  readonly #connections: ReadonlySet<Swept>;
  readonly #now: () => number;
  /** Those that have not been looked at; null: none. */
  #rest: Iterator<Swept> | null = null;

  /** @param now milliseconds of the worker's clock */
  constructor(connections: ReadonlySet<Swept>, now: () => number) {
    this.#connections = connections;
    this.#now = now;
  }

  /** Begins anew, unless the last sweep is still under way. */
  begin(): void {
    if (this.#rest !== null) return;
    this.#rest = this.#connections.values();
    this.#goOn();
  }

  #goOn(): void {
    const rest = this.#rest;
    // Until it is known that there are more: a sweep that ends with an error must not be the last one.
    this.#rest = null;
    if (rest === null) return;
    for (let worked = 0; worked < SLICE; ) {
      const { value, done } = rest.next();
      if (done === true) return;
      if (value.sweep(this.#now())) worked += 1;
    }
    this.#rest = rest;
    setImmediate(() => this.#goOn());
  }
}
