import type { Durations } from '../../src/analysis/statistics/block.ts';
import { DURATION_BIN_COUNT } from '../../src/telemetry/duration-bins.ts';

/** Counts by bin, to be added up, emptied and filled again; only the bins in use are gone through. */
export class Histogram {
  readonly counts = new Int32Array(DURATION_BIN_COUNT);
  /** The first bin that may hold something, and the last. */
  low = DURATION_BIN_COUNT;
  high = -1;

  widen(low: number, high: number): void {
    this.low = Math.min(this.low, low);
    this.high = Math.max(this.high, high);
  }

  /** @param times -1 to take away what was added */
  add(other: Histogram, times: 1 | -1 = 1): void {
    if (other.high < 0) return;
    this.widen(other.low, other.high);
    const { counts } = this;
    for (let bin = other.low; bin <= other.high; bin++) {
      counts[bin] = (counts[bin] ?? 0) + times * (other.counts[bin] ?? 0);
    }
  }

  clear(): void {
    if (this.high >= 0) this.counts.fill(0, this.low, this.high + 1);
    this.low = DURATION_BIN_COUNT;
    this.high = -1;
  }

  total(): number {
    let total = 0;
    for (let bin = this.low; bin <= this.high; bin++) total += this.counts[bin] ?? 0;
    return total;
  }

  /** The bin of a quantile; -1 of nothing. */
  quantile(q: number): number {
    const rank = q * this.total();
    let below = 0;
    for (let bin = this.low; bin <= this.high; bin++) {
      below += this.counts[bin] ?? 0;
      if (below >= rank && below > 0) return bin;
    }
    return -1;
  }

  sparse(): Durations {
    const bins: number[] = [];
    const counts: number[] = [];
    for (let bin = this.low; bin <= this.high; bin++) {
      const count = this.counts[bin] ?? 0;
      if (count === 0) continue;
      bins.push(bin);
      counts.push(count);
    }
    return { bins, counts };
  }
}
