import { application } from '../lib/application.ts';
import { Canary } from '../lib/canary.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';

const DEPLOYMENT = application({ kind: 'Deployment', spec: 'replicas: 4', services: ['shop', 'shop-canary'] });

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
    const v2 = new Canary({ rollout, traffic, name: 'v2', stable: v1 });
    await v2.pausedAt(1, 20);
    assert(v2.hash !== v1, 'there is no new version');
    await rollout.promote();
    await v2.pausedAt(3, 60);
    await v2.abort();
    await v2.retry(1, 20);
    await v2.promoteFull();
  },
});
