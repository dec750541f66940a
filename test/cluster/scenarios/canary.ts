import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: shop } }
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
---
apiVersion: v1
kind: Service
metadata: { name: shop-canary }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
`;

const PAUSES = [
  [1, 10],
  [3, 25],
  [5, 50],
  [7, 75],
] as const;

/** The whole life of a canary without a traffic provider, with each command that a person has for it. */
export const scenario = defineScenario({
  name: 'canary',
  run: async ({ api, headgate, rollout: driver, step, traffic: start }) => {
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
    await traffic.expect('v1', { weights: { [v1]: 100 }, answers: 100 });

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    for (const [index, weight] of PAUSES) {
      await rollout.pausedAt(index);
      const { canary } = await rollout.hashes();
      await traffic.expect(`v2 at ${weight} %`, { weights: { [v1]: 100 - weight, [canary]: weight } });
      await rollout.promote();
    }
    await rollout.healthy();
    const { stable: v2 } = await rollout.hashes();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 200 });

    step('v3, aborted, tried again, undone');
    await rollout.setImage('shop:v3');
    await rollout.pausedAt(1);
    const { canary: v3 } = await rollout.hashes();
    await traffic.expect('v3 at 10 %', { weights: { [v2]: 90, [v3]: 10 }, answers: 300 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v3 aborted', { weights: { [v2]: 100 }, answers: 200 });
    await rollout.retry();
    await rollout.pausedAt(1);
    await traffic.expect('v3 again', { weights: { [v2]: 90, [v3]: 10 }, answers: 300 });
    await rollout.undo();
    await rollout.healthy();
    await traffic.expect('v3 undone', { weights: { [v2]: 100 }, answers: 200 });

    step('v4, promoted at once');
    await rollout.setImage('shop:v4');
    await rollout.pausedAt(1);
    await rollout.promoteFull();
    await rollout.healthy();
    const { stable: v4 } = await rollout.hashes();
    await traffic.expect('v4', { weights: { [v4]: 100 }, answers: 200 });
  },
});
