import { maximumWeight } from '../model/maximum-weight.ts';
import type { CanaryStrategy, Rollout } from '../model/rollout.ts';
import { podsNeeded, stablePodsNeeded } from './pods-needed.ts';
import { publishedShares } from './published-weights.ts';
import type { SplitShare } from './split-share.ts';

/** The canary weight that was applied last, and to which pod-template-hash. */
export interface LastWeight {
  readonly hash: string;
  readonly weight: number;
}

export interface SplitInput {
  readonly rollout: Rollout;
  readonly strategy: CanaryStrategy;
  /** How many pods of a pod-template-hash can take a request. */
  readonly ready: (hash: string) => number;
  /** Null: nothing has been applied yet. */
  readonly last: LastWeight | null;
}

export interface CanarySplit {
  /** Stable first, then the canary (also at weight 0), then experiments. Empty: the Rollout names no version yet. */
  readonly shares: readonly SplitShare[];
  /** Which rule gave these weights, for people. */
  readonly reason: string;
  /** What is wrong with the Rollout, with what to do about it. */
  readonly problems: readonly { readonly message: string; readonly remedy: string }[];
}

/**
 * Where the traffic of a canary Rollout goes: what the controller of Argo Rollouts has published, or else what it would
 * do (`rollout/trafficrouting.go`, reconcileTrafficRouting), with a guard for the pods that are not there yet. The
 * first rule that applies decides. The Rollout must be one whose status belongs to its spec (`held-rollout.ts`).
 */
export function canarySplit(input: SplitInput): CanarySplit {
  const { rollout, strategy, ready } = input;
  const { stableRS: stable, currentPodHash: canary, weights, abort } = rollout.status;
  const maximum = maximumWeight(strategy);
  const problems = scalesBlindly(strategy) ? [BLIND_SCALING] : [];
  const decide = (weight: number, reason: string): CanarySplit => ({
    shares: twoShares(stable, canary, clamp(weight, maximum), maximum),
    reason,
    problems,
  });

  if (stable === '') {
    if (canary === '') return { shares: [], reason: 'the controller has not chosen a version yet', problems };
    // Set before any pod is ready: the first version ever takes all.
    return { ...decide(0, 'first deployment'), shares: twoShares(canary, canary, 0, maximum) };
  }
  // Before the rules below: the controller's own sequence at promotion and at a dynamic abort is in these weights.
  if (weights !== null) {
    return {
      shares: publishedShares(weights, stable, canary, maximum),
      reason: 'published by the controller',
      problems,
    };
  }
  if (canary === '' || stable === canary) return decide(0, 'fully promoted');
  if (ready(canary) === 0) return decide(0, abort ? 'aborted' : 'no pod of the canary is ready');
  if (abort) return decide(scalesBlindly(strategy) ? weightAfterAbort(input, maximum) : 0, 'aborted');

  const asked = askedWeight(input, maximum);
  if (strategy.trafficRouting !== null && !scalesBlindly(strategy)) return decide(asked.weight, asked.reason);
  const shared = shareByPods(input, asked, maximum);
  return decide(shared.weight, shared.reason);
}

interface AskedWeight {
  readonly weight: number;
  /** The weight that the current step is on its way to. */
  readonly target: number;
  readonly reason: string;
}

/** The weight of the current step, or the one before it while the canary lacks the pods that this one needs. */
function askedWeight({ rollout, strategy, ready, last }: SplitInput, maximum: number): AskedWeight {
  const { promoteFull, currentPodHash: canary } = rollout.status;
  const steps = strategy.steps.length;
  const index = rollout.status.currentStepIndex ?? 0;
  const done = promoteFull || (steps > 0 && index >= steps);
  // Without steps everything comes with the promotion.
  const target = done ? maximum : clamp(lastSetWeight(strategy, index) ?? 0, maximum);
  const place = promoteFull
    ? 'promoted in full'
    : steps === 0
      ? 'no steps'
      : `step ${Math.min(index, steps)} of ${steps}`;
  const needed = podsNeeded(rollout, strategy, target);
  const pods = ready(canary);
  if (pods >= needed) return { weight: target, target, reason: place };

  const applied = last?.hash === canary ? last.weight : 0;
  const before = clamp(lastSetWeight(strategy, index - 1) ?? 0, maximum);
  let weight = before;
  if (promoteFull) {
    // The index jumps to the end at once; the weight must not, onto the few pods that there are.
    weight = applied;
  } else if (done) {
    // A rollback within its window jumps to the end as well, having applied nothing: no more than its pods can carry.
    const carried = Math.floor((maximum * pods) / Math.max(1, rollout.spec.replicas));
    weight = Math.min(before, Math.max(applied, carried));
  }
  return { weight, target, reason: `${place}, waiting for pods (${pods} of ${needed} ready)` };
}

/** The last setWeight at or before step `index`; null when there is none. */
function lastSetWeight(strategy: CanaryStrategy, index: number): number | null {
  for (let i = Math.min(index, strategy.steps.length - 1); i >= 0; i -= 1) {
    const step = strategy.steps[i];
    if (step?.kind === 'setWeight') return step.weight;
  }
  return null;
}

/**
 * Stable shrinks as the canary grows where the controller believes that traffic follows the pods (trafficRouting
 * absent). While the pods are not yet as the step wants them, no canary pod gets more than an even share; and once
 * stable has fewer pods than its part needs, the canary takes over what an even share gives it.
 */
function shareByPods({ rollout, strategy, ready }: SplitInput, asked: AskedWeight, maximum: number): AskedWeight {
  const { stableRS, currentPodHash } = rollout.status;
  const { replicas } = rollout.spec;
  const canaryPods = ready(currentPodHash);
  const stablePods = ready(stableRS);
  // A rolling update without steps has no weight of its own: it ends with everything.
  const end = strategy.steps.length === 0 ? maximum : asked.target;
  const settled = (weight: number) => weight === end && stablePods <= stablePodsNeeded(replicas, end, maximum);
  if (settled(asked.weight)) return asked;
  const even = Math.floor((maximum * canaryPods) / (canaryPods + stablePods));
  let weight = Math.min(asked.weight, even);
  if (stablePods < stablePodsNeeded(replicas, weight, maximum)) {
    weight = Math.max(weight, Math.min(end, even));
  }
  // A matter of the pods and not of the weight before: until something happens, the reason stays the same too.
  if (settled(weight) || weight !== Math.min(end, even)) return { ...asked, weight };
  return { ...asked, weight, reason: `${asked.reason}, by ready pods (${canaryPods} canary, ${stablePods} stable)` };
}

/** dynamicStableScale has scaled stable down: it takes back what its pods can carry, never less than it had. */
function weightAfterAbort({ rollout, ready, last }: SplitInput, maximum: number): number {
  const { stableRS, currentPodHash } = rollout.status;
  const carried = Math.floor((maximum * ready(stableRS)) / Math.max(1, rollout.spec.replicas));
  const applied = last?.hash === currentPodHash ? last.weight : maximum;
  return Math.min(applied, Math.max(0, maximum - carried));
}

/** dynamicStableScale without a provider: the controller scales stable by weights that nobody reports back. */
function scalesBlindly(strategy: CanaryStrategy): boolean {
  return strategy.dynamicStableScale && strategy.trafficRouting?.providers.length === 0;
}

const BLIND_SCALING = {
  message:
    'dynamicStableScale with a trafficRouting that names no provider scales stable down without asking what traffic it gets; its weights follow the ready pods',
  remedy: 'remove spec.strategy.canary.dynamicStableScale',
};

function twoShares(stable: string, canary: string, weight: number, maximum: number): readonly SplitShare[] {
  if (canary === '' || canary === stable) return [{ role: 'stable', hash: stable, service: '', weight: maximum }];
  return [
    { role: 'stable', hash: stable, service: '', weight: maximum - weight },
    { role: 'canary', hash: canary, service: '', weight },
  ];
}

function clamp(weight: number, maximum: number): number {
  return Math.max(0, Math.min(maximum, weight));
}
