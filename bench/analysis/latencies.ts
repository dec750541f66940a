import { durationBin } from '../../src/telemetry/duration-bins.ts';
import type { Histogram } from './histogram.ts';
import type { Random } from './random.ts';

/** A distribution of latencies, as its quantiles in steps of 2^-16: a draw is one look-up. */
export class Latencies {
  readonly #bins: Uint16Array;

  /** @param seconds the quantile function: of 0 < p < 1 */
  constructor(seconds: (p: number) => number) {
    this.#bins = Uint16Array.from({ length: STEPS }, (_, i) => durationBin(seconds((i + 0.5) / STEPS)));
  }

  /** Adds `n` draws to a histogram. */
  draw(n: number, histogram: Histogram, random: Random): void {
    const { counts } = histogram;
    histogram.widen(this.#bins[0] ?? 0, this.#bins[STEPS - 1] ?? 0);
    for (let i = 0; i < n; i++) {
      const bin = this.#bins[random.bits() >>> 16] ?? 0;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
}

const STEPS = 2 ** 16;

/** Seconds at p of a log-normal distribution: median in seconds, and the deviation of the logarithm. */
export function logNormal(median: number, deviation: number): (p: number) => number {
  return (p) => median * Math.exp(deviation * normalQuantile(p));
}

/** Of ten requests eight come from a cache, always in the same millisecond; the others are log-normal. */
export function mostlyCached(slower: number): (p: number) => number {
  const others = logNormal(0.08, 0.4);
  return (p) => slower * (p < 0.8 ? 0.002 : others((p - 0.8) / 0.2));
}

/** The inverse of the normal distribution, to 1.2e-9 (Acklam's rational approximation). */
function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(tail));
    const top = polynomial(TAIL_TOP, q);
    const z = top / (polynomial(TAIL_BOTTOM, q) * q + 1);
    return p < 0.5 ? z : -z;
  }
  const q = p - 0.5;
  const r = q * q;
  return (polynomial(MIDDLE_TOP, r) * q) / (polynomial(MIDDLE_BOTTOM, r) * r + 1);
}

const TAIL_TOP = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BOTTOM = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
const MIDDLE_TOP = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const MIDDLE_BOTTOM = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
];

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}
