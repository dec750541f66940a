/** How many requests may be sent a second time; see `src/config/config.ts`. */
export interface RetrySettings {
  /** Of the requests that came: 0.2 is 20 %. */
  readonly budget: number;
  /** A second. */
  readonly minimum: number;
}

const SLOT_MS = 1_000;
/** Ten seconds with the one that runs. */
const PAST_SLOTS = 9;

/**
 * Bounds how much retries add to what a version gets: over the last ten seconds at most a share of the requests that came
 * to it, and a minimum so that a version with few requests can be helped too (as Finagle's RetryBudget and linkerd do).
 * Without it a version that fails would get twice its requests at the moment when it can bear them least.
 */
export class RetryBudget {
  /** Requests that came to the version in the second that runs: the request path adds to it. */
  requests = 0;
  #retries = 0;
  #slotEnd = Number.NEGATIVE_INFINITY;
  #slot = 0;
  readonly #pastRequests = new Float64Array(PAST_SLOTS);
  readonly #pastRetries = new Float64Array(PAST_SLOTS);
  /** Null: no retries at all. */
  readonly #settings: RetrySettings | null;

  constructor(settings: RetrySettings | null) {
    this.#settings = settings;
  }

  /** Takes a retry out of the budget. False: there is none left. */
  take(): boolean {
    if (this.#settings === null) return false;
    const { budget, minimum } = this.#settings;
    const allowed = budget * (this.requests + sum(this.#pastRequests)) + minimum * (PAST_SLOTS + 1);
    if (this.#retries + sum(this.#pastRetries) + 1 > allowed) return false;
    this.#retries += 1;
    return true;
  }

  /** Lets seconds pass. To be called several times a second. @param now milliseconds, monotonic. */
  sweep(now: number): void {
    if (now < this.#slotEnd) return;
    // After a pause longer than the window there is nothing left of it.
    const passed = Math.min(PAST_SLOTS + 1, 1 + Math.floor((now - this.#slotEnd) / SLOT_MS));
    for (let i = 0; i < passed; i += 1) {
      this.#pastRequests[this.#slot] = this.requests;
      this.#pastRetries[this.#slot] = this.#retries;
      this.#slot = (this.#slot + 1) % PAST_SLOTS;
      this.requests = 0;
      this.#retries = 0;
    }
    this.#slotEnd = now + SLOT_MS;
  }
}

function sum(numbers: Float64Array): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
