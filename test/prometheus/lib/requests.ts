import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** Requests that come at a steady pace until they are stopped. */
export class Requests {
  /** Statuses of the answers so far. */
  readonly answers = new Map<number, number>();
  /** Requests that got no answer. */
  unanswered = 0;
  readonly #agent = new Agent({ pipelining: 1 });
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ended: Promise<void>;
  readonly #open = new Set<Promise<void>>();
  #stopped = false;

  /** @param perSecond begun whether or not those before have been answered */
  constructor(port: number, perSecond: number, headers: Readonly<Record<string, string>> = {}, path = '/') {
    this.#url = `http://127.0.0.1:${port}${path}`;
    this.#headers = headers;
    this.#ended = this.#run(1000 / perSecond);
  }

  get count(): number {
    let count = 0;
    for (const answered of this.answers.values()) count += answered;
    return count;
  }

  /** Resolves when all that were begun have been answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
    await Promise.all(this.#open);
    await this.#agent.close();
  }

  async #run(everyMs: number): Promise<void> {
    let due = performance.now();
    while (!this.#stopped) {
      const one = this.#ask().finally(() => this.#open.delete(one));
      this.#open.add(one);
      due += everyMs;
      await sleep(Math.max(0, due - performance.now()));
    }
  }

  async #ask(): Promise<void> {
    try {
      const { statusCode, body } = await request(this.#url, { dispatcher: this.#agent, headers: this.#headers });
      await body.dump();
      this.answers.set(statusCode, (this.answers.get(statusCode) ?? 0) + 1);
    } catch {
      this.unanswered += 1;
    }
  }
}
