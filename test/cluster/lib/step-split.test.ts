import t from 'tap';
import type { RolloutStatus } from './objects.ts';
import { stepSplit } from './step-split.ts';

const STEPS = [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];

function rollout(status: RolloutStatus, steps: readonly Readonly<Record<string, unknown>>[] = STEPS) {
  return {
    metadata: { name: 'shop', generation: 3 },
    spec: { strategy: { canary: { steps } } },
    status: { stableRS: 'old', currentPodHash: 'new', observedGeneration: '3', ...status },
  };
}

t.test('at a pause the last setWeight before it holds', async (t) => {
  t.same(stepSplit(rollout({ currentStepIndex: 1 })), { old: 90, new: 10 });
  t.same(stepSplit(rollout({ currentStepIndex: 3 })), { old: 50, new: 50 });
});

t.test('at a setWeight step nothing can be told: its Pods may still be starting', async (t) => {
  t.equal(stepSplit(rollout({ currentStepIndex: 2 })), null);
});

t.test('before the first setWeight stable has everything', async (t) => {
  const steps = [{ setCanaryScale: { replicas: 1 } }, { pause: {} }, { setWeight: 5 }];
  t.same(stepSplit(rollout({ currentStepIndex: 1 }, steps)), { old: 100, new: 0 });
});

t.test('after an abort, and when it is fully promoted, stable has everything', async (t) => {
  t.same(stepSplit(rollout({ currentStepIndex: 3, abort: true })), { old: 100 });
  t.same(stepSplit(rollout({ stableRS: 'new', currentStepIndex: 4 })), { new: 100 });
});

t.test('a status that is older than the spec says nothing', async (t) => {
  t.equal(stepSplit(rollout({ currentStepIndex: 1, observedGeneration: '2' })), null);
});
