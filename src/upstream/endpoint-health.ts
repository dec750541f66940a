/** When an endpoint is left out; see `src/config/config.ts`. */
export interface EjectionSettings {
  /** Failures in a row. */
  readonly failures: number;
  /** Milliseconds, for the first time; each further time as much longer. */
  readonly time: number;
  /** Milliseconds, at most. */
  readonly maxTime: number;
  /** Of the endpoints of a version: 0.5 is half. One may always be left out. */
  readonly maxShare: number;
  /** A 5xx of the application counts too. */
  readonly serverErrors: boolean;
}

/**
 * What is thought of an endpoint. `ejected`: nothing is sent to it. `failing`: it should be, but as many as may be left out
 * are already. Either ends with time: then a trial is `due`, and while one request is on `trial` no other follows, for an
 * endpoint that never answers would hold each of them until it times out.
 */
export type Standing = 'good' | 'ejected' | 'failing' | 'due' | 'trial';

/** Up to a tenth is added to the time, so that endpoints that failed together are not tried together. */
const JITTER = 0.1;

/** So long a trial keeps others away, in milliseconds: its client may take for ever, and an answer is not to be waited for. */
const TRIAL_MS = 10_000;

/**
 * Failures that a request can bring about count at most this often, in milliseconds. Applications hang up on requests that they do
 * not like, and one client can send five of those in an instant; in a second an endpoint that is well answers somebody else, and
 * the row is broken.
 */
const BURST_MS = 250;

/** What requests have shown of one endpoint, and what health checks say of it. */
export class EndpointHealth {
  /** An answer would change something: all that the request path looks at. */
  troubled = false;
  standing: Standing = 'good';
  /** What health checks found last; an endpoint that none has looked at counts as healthy. */
  checked = true;
  #failures = 0;
  /** Times it was ejected, less the times that it has been good for as long as an ejection takes at first. */
  #ejections = 0;
  #goodSince = Number.NEGATIVE_INFINITY;
  #countedAt = Number.NEGATIVE_INFINITY;
  #until = 0;

  /** Time will change it. */
  get timed(): boolean {
    return this.standing !== 'good' && this.standing !== 'due';
  }

  /** It may be chosen. */
  get open(): boolean {
    return this.checked && this.standing !== 'ejected' && this.standing !== 'trial';
  }

  /** It may be chosen, and there is reason to hope for an answer. */
  get usable(): boolean {
    return this.open && this.standing !== 'failing';
  }

  /**
   * A request was not answered.
   * @param mayEject not as many as may be left out are already
   * @param random [0, 1)
   * @param sure no request can have brought it about: nothing was sent
   * @returns milliseconds that it is left out, or would be; 0: nothing has changed
   */
  failed(settings: EjectionSettings, now: number, mayEject: boolean, random: number, sure: boolean): number {
    const { standing } = this;
    if (standing === 'ejected') return 0;
    if (!sure && standing === 'good' && now - this.#countedAt < BURST_MS) return 0;
    this.#countedAt = now;
    this.#failures += 1;
    this.troubled = true;
    if (standing === 'failing') {
      if (!mayEject) return 0;
      this.standing = 'ejected';
      return this.#until - now;
    }
    const onTrial = standing !== 'good';
    if (!onTrial && this.#failures < settings.failures) return 0;
    const recovered = onTrial ? 0 : Math.floor((now - this.#goodSince) / settings.time);
    this.#ejections = Math.max(0, this.#ejections - recovered) + 1;
    const ms = Math.min(settings.time * this.#ejections, settings.maxTime) * (1 + JITTER * random);
    this.#until = now + ms;
    this.standing = mayEject ? 'ejected' : 'failing';
    return ms;
  }

  /** A request was answered. */
  answered(now: number): void {
    if (this.standing !== 'good') this.#goodSince = now;
    this.#failures = 0;
    this.#countedAt = Number.NEGATIVE_INFINITY;
    this.standing = 'good';
    this.troubled = false;
  }

  /** A request is on its way that will show whether the endpoint answers again. */
  beginTrial(): void {
    this.standing = 'trial';
    // The next sweep knows the time.
    this.#until = Number.POSITIVE_INFINITY;
  }

  /** The request on trial ended without telling anything: its client left. */
  untried(): void {
    if (this.standing === 'trial') this.standing = 'due';
  }

  /** Lets time pass. True: something has changed. */
  sweep(now: number): boolean {
    if (!this.timed) return false;
    if (this.#until === Number.POSITIVE_INFINITY) this.#until = now + TRIAL_MS;
    if (now < this.#until) return false;
    this.standing = 'due';
    return true;
  }
}
