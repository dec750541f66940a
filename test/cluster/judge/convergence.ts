import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../load/clock.ts';
import type { ConvergenceSample, Convergences } from './convergences.ts';
import { getJson } from './get-json.ts';
import { showsSplit } from './shows-split.ts';
import type { Split } from './split.ts';

export interface ConvergenceOptions {
  /** The name of the route in `/api/table`. */
  readonly route: string;
  /** The admin addresses of the ready replicas, each as `http://10.244.0.5:8081`; asked for at each event. */
  readonly admins: () => readonly string[];
  /** How long to wait between two looks at a table; 3 where it is left out. */
  readonly everyMs?: number;
  /** 3,000 where it is left out. */
  readonly limitMs?: number;
}

/**
 * Times how long each replica takes from a watch event to the new split in its table and all of its workers. Tables are
 * asked for only between an event that changes the split and the moment at which it is seen.
 */
export class Convergence implements Convergences {
  readonly samples: ConvergenceSample[] = [];
  readonly missing: string[] = [];
  superseded = 0;
  readonly #options: Required<ConvergenceOptions>;
  readonly #running = new Set<Promise<void>>();
  #expected: Split | null = null;
  #serial = 0;

  constructor(options: ConvergenceOptions) {
    this.#options = { everyMs: 3, limitMs: 3000, ...options };
  }

  /**
   * To be called at each event of the Rollout with the split that it asks for, and when it arrived (epoch milliseconds).
   * The first one, null, and one that asks for the split of the event before it, start no measurement. A replica that is
   * not ready any more is not waited for.
   */
  expect(split: Split | null, arrivedAt: number): void {
    if (split === null) return;
    const before = this.#expected;
    this.#expected = split;
    if (before === null || isSame(before, split)) return;
    this.#serial += 1;
    for (const admin of this.#options.admins()) {
      const running = this.#follow(admin, split, arrivedAt, this.#serial).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  /** Resolves when the last split has been seen or given up. */
  async stop(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #follow(admin: string, split: Split, arrivedAt: number, serial: number): Promise<void> {
    const { route, everyMs, limitMs } = this.#options;
    let trouble = 'its table shows another';
    do {
      if (serial !== this.#serial) {
        this.superseded += 1;
        return;
      }
      if (!this.#options.admins().includes(admin)) return;
      try {
        const view = await getJson(`${admin}/api/table`, limitMs);
        if (showsSplit(view, route, split)) {
          this.samples.push({ admin, expected: split, arrivedAt, ms: Math.max(0, now() - arrivedAt) });
          return;
        }
      } catch (error) {
        trouble = String(error);
      }
      await sleep(everyMs);
    } while (now() - arrivedAt < limitMs);
    this.missing.push(`${admin}: the split ${JSON.stringify(split)} was not seen within ${limitMs} ms: ${trouble}`);
  }
}

function isSame(one: Split, other: Split): boolean {
  const hashes = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...hashes].every((hash) => (one[hash] ?? 0) === (other[hash] ?? 0));
}
