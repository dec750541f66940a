import { application } from '../lib/application.ts';
import { Canary } from '../lib/canary.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 5
strategy:
  canary:
    maxSurge: 1
    maxUnavailable: 0
    steps:
      - setWeight: 20
      - pause: {}
      - setWeight: 50
      - pause: {}
      - setWeight: 80
      - pause: {}
`;

const MANIFESTS = application({ spec: SPEC, services: ['shop'] });

const PAUSES = [
  [1, 20],
  [3, 50],
  [5, 80],
] as const;

/**
 * Without `trafficRouting` the controller gives a version its share by the number of its Pods: stable shrinks as the
 * canary grows, and has none left at the end. The steps' weights hold all the same, to the percent.
 */
export const scenario = defineScenario({
  name: 'canary-by-pods',
  run: async (context) => {
    const { api, step, assert } = context;
    const { rollout, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      converge: { rollout: 'shop', split: stepSplit },
    });
    const { stable: v1 } = await rollout.hashes();

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    const v2 = new Canary({ rollout, traffic, name: 'v2', stable: v1 });
    await v2.climb(PAUSES);
    await v2.ends();

    step('v3, aborted when stable has lost most of its Pods, tried again');
    await rollout.setImage('shop:v3');
    const v3 = new Canary({ rollout, traffic, name: 'v3', stable: v2.hash });
    await rollout.pausedAt(1);
    await rollout.promote();
    await rollout.pausedAt(3);
    await rollout.promote();
    await v3.pausedAt(5, 80);
    const left = (await api.get('ReplicaSet', `shop-${v2.hash}`)).spec.replicas;
    assert(left === 1, `stable has ${left} Pods left, not 1 of 5`);
    await v3.abort();
    await v3.retry(1, 20);

    step('v3, promoted at once');
    await v3.promoteFull();
  },
});
