/** Calls `publish` once for many events: when none came for a while, but no later than a while after the first. */
export class Publisher {
  readonly #publish: () => void;
  readonly #quietMs: number;
  readonly #mostMs: number;
  #quiet: NodeJS.Timeout | null = null;
  #most: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  constructor(publish: () => void, quietMs: number, mostMs: number) {
    this.#publish = publish;
    this.#quietMs = quietMs;
    this.#mostMs = mostMs;
  }

  /** An event that may wait for others of its kind. */
  soon(): void {
    this.#most ??= setTimeout(() => this.#fire(), this.#mostMs);
    if (this.#quiet === null) this.#quiet = setTimeout(() => this.#fire(), this.#quietMs);
    else this.#quiet.refresh();
  }

  /** An event that may not wait: only what has arrived together with it is published together with it. */
  now(): void {
    this.#immediate ??= setImmediate(() => this.#fire());
  }

  /** `publish` is not called any more. */
  stop(): void {
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    if (this.#most !== null) clearTimeout(this.#most);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#quiet = null;
    this.#most = null;
    this.#immediate = null;
  }

  #fire(): void {
    this.stop();
    this.#publish();
  }
}
