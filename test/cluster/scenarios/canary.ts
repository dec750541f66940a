import { application } from '../lib/application.ts';
import { Canary } from '../lib/canary.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 4
strategy:
  canary:
    stableService: shop
    canaryService: shop-canary
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 1
    steps:
      - setWeight: 10
      - pause: {}
      - setWeight: 25
      - pause: {}
      - setWeight: 50
      - pause: {}
      - setWeight: 75
      - pause: {}
`;

const MANIFESTS = application({ spec: SPEC, services: ['shop', 'shop-canary'] });

const PAUSES = [
  [1, 10],
  [3, 25],
  [5, 50],
  [7, 75],
] as const;

/** The whole life of a canary without a traffic provider, with each command that a person has for it. */
export const scenario = defineScenario({
  name: 'canary',
  run: async (context) => {
    const { step } = context;
    const { rollout, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      converge: { rollout: 'shop', split: stepSplit },
    });
    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1', { weights: { [v1]: 100 }, answers: 100 });

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    const v2 = new Canary({ rollout, traffic, name: 'v2', stable: v1 });
    await v2.climb(PAUSES, { answers: 500 });
    await v2.ends({ answers: 200 });

    step('v3, aborted, tried again, undone');
    await rollout.setImage('shop:v3');
    const v3 = new Canary({ rollout, traffic, name: 'v3', stable: v2.hash });
    await v3.pausedAt(1, 10);
    await v3.abort({ answers: 200 });
    await v3.retry(1, 10);
    await v3.undo({ answers: 200 });

    step('v4, promoted at once');
    await rollout.setImage('shop:v4');
    await rollout.pausedAt(1);
    await rollout.promoteFull();
    await rollout.healthy();
    const { stable: v4 } = await rollout.hashes();
    await traffic.expect('v4', { weights: { [v4]: 100 }, answers: 200 });
  },
});
