import { Pool } from 'undici';

const TICK_MS = 5;
const CONNECTIONS = 32;
/** Of a second. What a machine that stood still has missed is made up for no further than this. */
const LONGEST_BURST = 0.1;
const TIMEOUT_MS = 5_000;
/** Every so many requests one carries the header. */
const HEADER_EVERY = 10;

export interface DemoTrafficOptions {
  /** Of the proxy, on 127.0.0.1. */
  readonly port: number;
  readonly perSecond: number;
  /** Of every tenth request. */
  readonly header: Readonly<Record<string, string>>;
}

/** Requests at an even pace, whatever the answers take. */
export class DemoTraffic {
  sent = 0;
  /** Without an answer; one of any status is an answer. */
  failed = 0;
  readonly #options: DemoTrafficOptions;
  readonly #pool: Pool;
  readonly #underway = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #tickedAt = performance.now();
  #owed = 0;

  constructor(options: DemoTrafficOptions) {
    this.#options = options;
    this.#pool = new Pool(`http://127.0.0.1:${options.port}`, {
      connections: CONNECTIONS,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Resolves when what was sent has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underway);
    await this.#pool.close();
  }

  #tick(): void {
    const { perSecond } = this.#options;
    const now = performance.now();
    const missed = ((now - this.#tickedAt) * perSecond) / 1000;
    this.#owed = Math.min(this.#owed + missed, Math.max(1, perSecond * LONGEST_BURST));
    this.#tickedAt = now;
    for (; this.#owed >= 1; this.#owed -= 1) this.#start();
  }

  #start(): void {
    this.sent += 1;
    const headers = this.sent % HEADER_EVERY === 0 ? this.#options.header : {};
    const sending = this.#send(headers).finally(() => this.#underway.delete(sending));
    this.#underway.add(sending);
  }

  async #send(headers: Readonly<Record<string, string>>): Promise<void> {
    try {
      const { body } = await this.#pool.request({ method: 'GET', path: '/', headers });
      await body.dump();
    } catch {
      this.failed += 1;
    }
  }
}
