import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { Client } from 'undici';

/** Clients that keep their connections and ask again and again, with a short rest after each answer. */
export class Load {
  /** Answers of status 200, by body. */
  readonly bodies: Record<string, number> = {};
  answered = 0;
  /** What was no answer of status 200. */
  readonly failures: string[] = [];
  readonly #clients: readonly Client[];
  readonly #running: Promise<unknown>;
  #stopped: Promise<void> | null = null;

  constructor(port: number, clients: number, headers: Readonly<Record<string, string>>) {
    this.#clients = Array.from({ length: clients }, () => new Client(`http://127.0.0.1:${port}`));
    this.#running = Promise.all(this.#clients.map((client) => this.#run(client, headers)));
  }

  /** Resolves after this many more answers. */
  async more(count: number): Promise<void> {
    const goal = this.answered + count;
    const deadline = performance.now() + 15_000;
    while (this.answered < goal) {
      if (performance.now() > deadline) throw new Error(`no more answers; ${this.failures.join(', ')}`);
      await sleep(2);
    }
  }

  /** Resolves when every request that was sent has its answer. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    await this.#running;
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #run(client: Client, headers: Readonly<Record<string, string>>): Promise<void> {
    while (this.#stopped === null) {
      try {
        const { statusCode, body } = await client.request({ method: 'GET', path: '/', headers });
        const text = await body.text();
        if (statusCode === 200) this.bodies[text] = (this.bodies[text] ?? 0) + 1;
        else this.failures.push(`${statusCode} ${text}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      this.answered += 1;
      await sleep(1);
    }
  }
}

/** It ends with the test, if not before. */
export function startLoad(t: Test, port: number, { clients = 4, headers = {} } = {}): Load {
  const load = new Load(port, clients, headers);
  t.teardown(() => load.stop());
  return load;
}
