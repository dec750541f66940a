import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: shop } }
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

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 4
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: shop, scaleDown: progressively }
  strategy:
    canary:
      stableService: shop
      canaryService: shop-canary
      trafficRouting: {}
      scaleDownDelaySeconds: 1
      abortScaleDownDelaySeconds: 1
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 60
        - pause: {}
`;

/**
 * A Deployment is taken over: the Rollout has its template from there, and scales it down as its own Pods get ready.
 * Headgate serves the Rollout's Pods from the first one on, and never the Deployment's, which no version is.
 */
export const scenario = defineScenario({
  name: 'workload-ref',
  run: async ({ api, kubectl, headgate, rollout: driver, step, traffic: start, assert }) => {
    await api.apply(DEPLOYMENT);
    await api.until('Deployment', 'shop', 'available', ({ status }) => status?.availableReplicas === 4);
    const proxy = await headgate();
    await api.apply(ROLLOUT);
    const rollout = driver('shop');
    await proxy.untilTable('a Pod of the Rollout', ({ routes }) =>
      routes.some(({ versions }) => versions.some(({ endpoints }) => endpoints.length > 0)),
    );
    const traffic = start({
      to: proxy,
      streams: [{ name: 'plain', rate: 120, host: 'shop' }],
      converge: { rollout: 'shop', split: stepSplit },
    });
    await rollout.healthy();
    await api.until('Deployment', 'shop', 'scaled down', ({ spec }) => spec.replicas === 0);
    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1', { weights: { [v1]: 100 }, answers: 200 });

    step('v2, by a change of the Deployment');
    await kubectl.kubectl(['set', 'image', 'deployment/shop', 'shop=shop:v2']);
    await rollout.pausedAt(1);
    const { canary: v2 } = await rollout.hashes();
    assert(v2 !== v1, 'there is no new version');
    await traffic.expect('v2 at 20 %', { weights: { [v1]: 80, [v2]: 20 }, answers: 300 });
    await rollout.promote();
    await rollout.pausedAt(3);
    await traffic.expect('v2 at 60 %', { weights: { [v1]: 40, [v2]: 60 }, answers: 300 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v2 aborted', { weights: { [v1]: 100 }, answers: 150 });
    await rollout.retry();
    await rollout.pausedAt(1);
    await traffic.expect('v2 again', { weights: { [v1]: 80, [v2]: 20 }, answers: 300 });
    await rollout.promoteFull();
    await rollout.healthy();
    await traffic.expect('v2 for all', { weights: { [v2]: 100 }, answers: 150 });
  },
});
