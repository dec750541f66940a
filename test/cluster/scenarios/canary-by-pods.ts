import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 5
  selector: { matchLabels: { app: shop } }
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
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers:
        - name: shop
          image: shop:v1
          ports: [{ name: http, containerPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
`;

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
  run: async ({ api, headgate, rollout: driver, step, traffic: start, assert }) => {
    await api.apply(ROLLOUT);
    const rollout = driver('shop');
    await rollout.healthy();
    const proxy = await headgate();
    const traffic = start({
      to: proxy,
      streams: [{ name: 'plain', rate: 120, host: 'shop' }],
      converge: { rollout: 'shop', split: stepSplit },
    });
    const { stable: v1 } = await rollout.hashes();

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    for (const [index, weight] of PAUSES) {
      await rollout.pausedAt(index);
      const { canary } = await rollout.hashes();
      await traffic.expect(`v2 at ${weight} %`, { weights: { [v1]: 100 - weight, [canary]: weight }, answers: 300 });
      await rollout.promote();
    }
    await rollout.healthy();
    const { stable: v2 } = await rollout.hashes();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 150 });

    step('v3, aborted when stable has lost most of its Pods, tried again');
    await rollout.setImage('shop:v3');
    await rollout.pausedAt(1);
    await rollout.promote();
    await rollout.pausedAt(3);
    await rollout.promote();
    await rollout.pausedAt(5);
    const { canary: v3 } = await rollout.hashes();
    await traffic.expect('v3 at 80 %', { weights: { [v2]: 20, [v3]: 80 }, answers: 300 });
    const left = (await api.get('ReplicaSet', `shop-${v2}`)).spec.replicas;
    assert(left === 1, `stable has ${left} Pods left, not 1 of 5`);
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v3 aborted', { weights: { [v2]: 100 }, answers: 150 });
    await rollout.retry();
    await rollout.pausedAt(1);
    await traffic.expect('v3 again', { weights: { [v2]: 80, [v3]: 20 }, answers: 300 });

    step('v3, promoted at once');
    await rollout.promoteFull();
    await rollout.healthy();
    await traffic.expect('v3', { weights: { [v3]: 100 }, answers: 150 });
  },
});
