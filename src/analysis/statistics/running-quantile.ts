import { DURATION_BIN_COUNT } from '../../telemetry/duration-bins.ts';
import type { Durations } from './block.ts';

/** How many durations beyond the quantile are remembered: enough to know it, few enough to follow a busy hour. */
const REMEMBERED_BEYOND = 200;
/** 1 - 0.9 is a little less than 0.1. */
const ROUNDING = 1 + 1e-9;
/** When the newest count that much more than the oldest, all are scaled down. */
const LARGEST_UNIT = 1e12;

/** Where a quantile lies: what lies in bins behind `bin` is beyond it, and of what lies in `bin` a part from 0 to 1. */
export interface QuantileLimit {
  readonly bin: number;
  readonly part: number;
}

/** A quantile of a stream of histograms, in which older ones weigh less. */
export class RunningQuantile {
  readonly #beyond: number;
  readonly #remembered: number;
  readonly #weights = new Float64Array(DURATION_BIN_COUNT);
  /** What one new duration weighs: instead of making the old ones lighter, the new are made heavier. */
  #unit = 1;
  #total = 0;
  #bin = 0;
  /** The weight of what lies in bins behind #bin. */
  #behind = 0;

  /** @param quantile above 0, below 1 */
  constructor(quantile: number) {
    this.#beyond = (1 - quantile) * ROUNDING;
    this.#remembered = REMEMBERED_BEYOND / Math.min(quantile, this.#beyond);
  }

  /** In the first bin behind which at most a share of 1 - quantile lies, so that just this share is beyond; null of nothing. */
  get limit(): QuantileLimit | null {
    if (!(this.#total > 0)) return null;
    const rest = this.#beyond * this.#total - this.#behind;
    return { bin: this.#bin, part: Math.min(1, Math.max(0, rest / (this.#weights[this.#bin] ?? 1))) };
  }

  add({ bins, counts }: Durations): void {
    for (let i = 0; i < bins.length; i++) {
      const bin = bins[i] ?? 0;
      const weight = (counts[i] ?? 0) * this.#unit;
      this.#weights[bin] = (this.#weights[bin] ?? 0) + weight;
      this.#total += weight;
      if (bin > this.#bin) this.#behind += weight;
    }
    this.#move();
    const requests = this.#total / this.#unit;
    if (requests > this.#remembered) this.#unit *= requests / this.#remembered;
    if (this.#unit > LARGEST_UNIT) this.#scale();
  }

  #move(): void {
    const allowed = this.#beyond * this.#total;
    while (this.#behind > allowed && this.#bin < DURATION_BIN_COUNT - 1) {
      this.#bin += 1;
      this.#behind -= this.#weights[this.#bin] ?? 0;
    }
    while (this.#bin > 0 && this.#behind + (this.#weights[this.#bin] ?? 0) <= allowed) {
      this.#behind += this.#weights[this.#bin] ?? 0;
      this.#bin -= 1;
    }
  }

  #scale(): void {
    this.#total = 0;
    this.#behind = 0;
    for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) {
      const weight = (this.#weights[bin] ?? 0) / this.#unit;
      this.#weights[bin] = weight;
      this.#total += weight;
      if (bin > this.#bin) this.#behind += weight;
    }
    this.#unit = 1;
  }
}
