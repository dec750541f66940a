import type { Split } from '../judge/split.ts';
import type { Rollout } from './objects.ts';

/**
 * The split that a canary's steps ask for where no traffic provider publishes weights (`trafficRouting: {}` or none).
 * Null while it cannot be told from the Rollout alone: on a setWeight step Pods are still starting, and how many of them
 * are ready decides.
 */
export function stepSplit({ spec, status, metadata }: Rollout): Split | null {
  const { stableRS: stable = '', currentPodHash: canary = '', currentStepIndex: index = 0 } = status ?? {};
  if (stable === '' || canary === '' || status?.observedGeneration !== String(metadata.generation)) return null;
  if (stable === canary || status.abort === true) return { [stable]: 100 };
  const steps = spec.strategy?.canary?.steps ?? [];
  const max = spec.strategy?.canary?.maxTrafficWeight ?? 100;
  if (status.promoteFull === true || index >= steps.length || steps[index]?.['setWeight'] !== undefined) return null;
  const weight = steps.slice(0, index + 1).findLast((step) => step['setWeight'] !== undefined)?.['setWeight'] ?? 0;
  return typeof weight === 'number' ? { [stable]: max - weight, [canary]: weight } : null;
}
