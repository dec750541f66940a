import type { CanaryStrategy } from './rollout.ts';

/** All weights are out of this many: `maxTrafficWeight`, 100 unless set. */
export function maximumWeight(strategy: CanaryStrategy): number {
  const maximum = strategy.trafficRouting?.maxTrafficWeight ?? 100;
  return maximum > 0 ? maximum : 100;
}
