import { quantileOfUpperTail, upperTail } from './normal.ts';
import type { Table } from './two-proportions.ts';

export interface TwoProportionsZ {
  /** Of the pooled test: above 0 when the candidate's rate is higher. */
  readonly z: number;
  /** One-sided: small when the candidate's rate is higher. */
  readonly p: number;
  /** Newcombe's interval for the difference of the rates (Interval estimation for the difference between independent proportions, 1998, method 10). */
  readonly interval: readonly [number, number];
}

/** The classical test, right for one look at numbers of requests that were fixed beforehand; null where one has none. */
export function twoProportionsZ(table: Table, alpha: number): TwoProportionsZ | null {
  const { candidate: n, candidateEvents, baseline: m, baselineEvents } = table;
  if (n === 0 || m === 0) return null;
  const c = candidateEvents / n;
  const b = baselineEvents / m;
  const pooled = (candidateEvents + baselineEvents) / (n + m);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  const z = error > 0 ? (c - b) / error : 0;
  const critical = quantileOfUpperTail(alpha / 2);
  const [lowC, highC] = wilson(n, c, critical);
  const [lowB, highB] = wilson(m, b, critical);
  const interval = [c - b - Math.hypot(c - lowC, highB - b), c - b + Math.hypot(highC - c, b - lowB)] as const;
  return { z, p: upperTail(z), interval };
}

function wilson(n: number, rate: number, z: number): readonly [number, number] {
  const z2 = z * z;
  const middle = (rate + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z * Math.sqrt((rate * (1 - rate)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return [middle - half, middle + half];
}
