import { defineScenario } from '../lib/scenario.ts';

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 5
  selector: { matchLabels: { app: shop } }
  strategy:
    canary:
      stableService: shop-stable
      canaryService: shop-canary
      dynamicStableScale: true
      trafficRouting:
        alb: { ingress: shop, rootService: shop, servicePort: 80 }
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 60
        - pause: {}
  template:
    metadata:
      labels: { app: shop }
      annotations: { headgate.test/ready-after: "700" }
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
metadata: { name: shop-stable }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop-canary }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  ingressClassName: alb
  rules:
    - http:
        paths:
          - path: /*
            pathType: ImplementationSpecific
            backend: { service: { name: shop, port: { name: use-annotation } } }
`;

/**
 * Stable gives up Pods as the canary gets traffic, so after an abort it cannot take everything back at once: the
 * controller publishes the way back in steps, as stable's Pods get ready, and Headgate goes it with them.
 */
export const scenario = defineScenario({
  name: 'dynamic-stable-scale',
  run: async ({ api, headgate, rollout: driver, step, traffic: start, assert }) => {
    await api.apply(ROLLOUT);
    const rollout = driver('shop');
    await rollout.healthy();
    const proxy = await headgate();
    const traffic = start({
      to: proxy,
      streams: [{ name: 'plain', rate: 120, host: 'shop' }],
      converge: { rollout: 'shop' },
    });
    const { stable: v1 } = await rollout.hashes();

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    await rollout.pausedAt(1);
    const { canary: v2 } = await rollout.hashes();
    await traffic.expect('v2 at 20 %', { weights: { [v1]: 80, [v2]: 20 }, answers: 300 });
    await rollout.promote();
    await rollout.pausedAt(3);
    await traffic.expect('v2 at 60 %', { weights: { [v1]: 40, [v2]: 60 }, answers: 300 });
    const kept = (await api.get('ReplicaSet', `shop-${v1}`)).spec.replicas;
    assert(kept === 2, `stable keeps ${kept} Pods at 60 %, not 2 of 5`);
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 150 });

    step('v3, aborted at 60 %');
    await rollout.setImage('shop:v3');
    await rollout.pausedAt(1);
    await rollout.promote();
    await rollout.pausedAt(3);
    const { canary: v3 } = await rollout.hashes();
    await traffic.expect('v3 at 60 %', { weights: { [v2]: 40, [v3]: 60 }, answers: 200 });
    const published: number[] = [];
    const watch = api.watch('Rollout', ({ object }) => {
      const weight = object.status?.canary?.weights?.canary.weight;
      if (weight !== undefined && weight !== published.at(-1)) published.push(weight);
    });
    await rollout.abort();
    await rollout.until('aborted, with nothing on the canary', ({ status }) => {
      return status?.abort === true && status.canary?.weights?.canary.weight === 0;
    });
    watch.close();
    step(`weights on the way back: ${published.join(', ')}`);
    assert(published.length > 2, 'the traffic came back at once: nothing was proven');
    await traffic.expect('v3 aborted', { weights: { [v2]: 100 }, answers: 150 });

    step('v3 again, promoted at once');
    await rollout.retry();
    await rollout.pausedAt(1);
    await rollout.promoteFull();
    await rollout.healthy();
    await traffic.expect('v3', { weights: { [v3]: 100 }, answers: 150 });
  },
});
