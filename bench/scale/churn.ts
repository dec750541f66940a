import type { Api } from '../../test/cluster/lib/api.ts';
import { namespaceOf, podName, readiness, type Shape, unwatchedName } from './objects.ts';

/** Events of Pods at a steady rate: each makes one Pod unready or ready again. */
export class Churn {
  readonly #api: Api;
  readonly #shape: Shape;
  #sent = 0;

  constructor(api: Api, shape: Shape) {
    this.#api = api;
    this.#shape = shape;
  }

  /**
   * @param watched false: of Pods without the label, which cost the API server the same and never reach Headgate
   * @returns how many events there were
   */
  async run(rate: number, seconds: number, watched: boolean): Promise<number> {
    const writes: Promise<unknown>[] = [];
    const began = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const due = Math.floor(((performance.now() - began) * rate) / 1000);
        while (writes.length < Math.min(due, rate * seconds)) writes.push(this.#write(watched));
        if (due < rate * seconds) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    await Promise.all(writes);
    return writes.length;
  }

  #write(watched: boolean): Promise<unknown> {
    const { rollouts, podsOfEach } = this.#shape;
    this.#sent += 1;
    const rollout = (this.#sent * 7) % rollouts;
    const n = this.#sent % podsOfEach;
    // Each time through all Pods the other way.
    const ready = Math.floor(this.#sent / (rollouts * podsOfEach)) % 2 === 1;
    const name = watched ? podName(rollout, n) : unwatchedName(this.#sent % UNWATCHED);
    const namespace = watched ? namespaceOf(rollout, this.#shape) : namespaceOf(0, this.#shape);
    const conditions = readiness(watched ? ready : this.#sent % (2 * UNWATCHED) < UNWATCHED, '10.247.0.1')[
      'conditions'
    ];
    return this.#api.in(namespace).patch('Pod', name, { status: { conditions } }, 'status');
  }
}

/** How many Pods without the label there are. */
export const UNWATCHED = 100;
