import { maximumWeight } from '../model/maximum-weight.ts';
import type { CanaryStrategy, Rollout } from '../model/rollout.ts';

/**
 * How many pods the canary needs before it may carry `weight`: what the controller would wait for
 * (`utils/replicaset/canary.go`, CalculateReplicaCountsForTrafficRoutedCanary and GetCanaryReplicasOrWeight).
 */
export function podsNeeded(rollout: Rollout, strategy: CanaryStrategy, weight: number): number {
  const wanted = podsWanted(rollout, strategy, weight);
  const threshold = strategy.replicaProgressThreshold;
  if (threshold === null) return wanted;
  const enough = threshold.type === 'Percentage' ? Math.ceil((wanted * threshold.value) / 100) : threshold.value;
  return Math.min(wanted, Math.max(0, enough));
}

function podsWanted(rollout: Rollout, strategy: CanaryStrategy, weight: number): number {
  const maximum = maximumWeight(strategy);
  const { replicas } = rollout.spec;
  const scale = activeCanaryScale(rollout, strategy);
  if (scale?.replicas !== null && scale?.replicas !== undefined) return scale.replicas;
  const pods = Math.ceil(((scale?.weight ?? weight) * replicas) / maximum);
  // minPodsPerReplicaSet needs trafficRouting, and raises no 0.
  if (pods === 0 || strategy.trafficRouting === null) return pods;
  return Math.max(pods, strategy.minPodsPerReplicaSet ?? 0);
}

/** How many pods stable needs for its part of the traffic, when the canary has `weight` out of `maximum`. */
export function stablePodsNeeded(replicas: number, weight: number, maximum: number): number {
  return Math.ceil(((maximum - weight) * replicas) / maximum);
}

/** The setCanaryScale in force: the last at or before the current step, unless that one says matchTrafficWeight. */
function activeCanaryScale({ status }: Rollout, { steps, trafficRouting }: CanaryStrategy) {
  const index = status.currentStepIndex ?? 0;
  // Only with trafficRouting, and no longer once every step is done: then the canary grows to the full count.
  if (trafficRouting === null || status.promoteFull || index >= steps.length) return null;
  for (let i = index; i >= 0; i -= 1) {
    const step = steps[i];
    if (step?.kind === 'setCanaryScale') {
      return step.matchTrafficWeight || (step.replicas === null && step.weight === null) ? null : step;
    }
  }
  return null;
}
