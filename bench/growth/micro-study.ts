import type { Case } from './cases.ts';
import { Micro } from './micro.ts';

/** Requests in a row, of one size: short enough that a sample is seldom interrupted. */
const REQUESTS = 4_000;
const WARM_UPS = 5;

/** Nanoseconds a request of each size of a case, in its order. */
export interface MicroResult {
  readonly of: Case;
  readonly samples: readonly (readonly number[])[];
}

/** The sizes take turns, so that what else the machine does meets all of them. */
export function microStudy(of: Case, repeats: number): MicroResult {
  const micros = of.sizes.map(({ shape, busy = 1 }) => new Micro(shape, busy));
  for (let warm = 0; warm < WARM_UPS; warm += 1) for (const micro of micros) micro.sample(REQUESTS);
  const samples = micros.map((): number[] => []);
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const [i, micro] of micros.entries()) samples[i]?.push(micro.sample(REQUESTS));
  }
  return { of, samples };
}
