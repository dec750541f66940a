import type { Split } from '../judge/split.ts';
import type { RolloutDriver } from './rollout-driver.ts';
import type { Expectation, Traffic } from './traffic.ts';

export interface CanaryOptions {
  readonly rollout: Pick<
    RolloutDriver,
    'hashes' | 'pausedAt' | 'healthy' | 'aborted' | 'promote' | 'abort' | 'retry' | 'undo' | 'promoteFull'
  >;
  readonly traffic: Pick<Traffic, 'expect'>;
  /** For the demands' names: `v2`. */
  readonly name: string;
  /** The hash of the version that it is to replace. */
  readonly stable: string;
  /** What weights add up to, `maxTrafficWeight`; 100 where it is left out. */
  readonly total?: number;
}

/** So many requests where nothing else is said, for a split and for a state in which one version has everything. */
const [ANSWERS_OF_SPLIT, ANSWERS_OF_ONE] = [300, 150];

/**
 * A new version on its way through the steps, under load. Each method waits for a state, gives the command for it where
 * there is one, and demands what is to be seen then; `more` adds to the demand or replaces a part of it.
 */
export class Canary {
  readonly #options: Required<CanaryOptions>;
  #hash = '';

  constructor(options: CanaryOptions) {
    this.#options = { total: 100, ...options };
  }

  /** Its pod template hash, which is known from its first pause on. */
  get hash(): string {
    if (this.#hash === '') throw new Error(`${this.#options.name} has not been at a pause`);
    return this.#hash;
  }

  /** At the pause that is step `index` (from 0), it has this weight. */
  async pausedAt(index: number, weight: number, more?: Expectation): Promise<void> {
    const { name, total } = this.#options;
    await this.#splits(index, weight, `${name} at ${weight}${total === 100 ? ' %' : ''}`, more);
  }

  /** From pause to pause (its step, its weight), and promoted at each, once `look` has seen it there. */
  async climb(
    pauses: readonly (readonly [index: number, weight: number])[],
    more?: Expectation,
    look?: (weight: number) => Promise<void>,
  ): Promise<void> {
    for (const [index, weight] of pauses) {
      await this.pausedAt(index, weight, more);
      await look?.(weight);
      await this.#options.rollout.promote();
    }
  }

  /** It has been promoted for the last time: it ends with everything. */
  async ends(more?: Expectation): Promise<void> {
    await this.#options.rollout.healthy();
    await this.#one(this.hash, this.#options.name, more);
  }

  /** Stable has everything again. */
  async abort(more?: Expectation): Promise<void> {
    const { rollout, name, stable } = this.#options;
    await rollout.abort();
    await rollout.aborted();
    await this.#one(stable, `${name} aborted`, more);
  }

  /** It begins anew, after an abort, and gets to this pause. */
  async retry(index: number, weight: number, more?: Expectation): Promise<void> {
    const { rollout, name } = this.#options;
    await rollout.retry();
    await this.#splits(index, weight, `${name} again`, more);
  }

  /** The Rollout's template is stable's again. */
  async undo(more?: Expectation): Promise<void> {
    const { rollout, name, stable } = this.#options;
    await rollout.undo();
    await rollout.healthy();
    await this.#one(stable, `${name} undone`, more);
  }

  /** It gets everything, whatever steps are left. */
  async promoteFull(more?: Expectation): Promise<void> {
    const { rollout, name } = this.#options;
    await rollout.promoteFull();
    await rollout.healthy();
    await this.#one(this.hash, `${name} for all`, more);
  }

  async #splits(index: number, weight: number, name: string, more?: Expectation): Promise<void> {
    const { rollout, traffic, stable, total } = this.#options;
    await rollout.pausedAt(index);
    this.#hash = (await rollout.hashes()).canary;
    const weights: Split = { [stable]: total - weight, [this.#hash]: weight };
    await traffic.expect(name, { weights, answers: ANSWERS_OF_SPLIT, ...more });
  }

  async #one(hash: string, name: string, more?: Expectation): Promise<void> {
    await this.#options.traffic.expect(name, { weights: { [hash]: 100 }, answers: ANSWERS_OF_ONE, ...more });
  }
}
