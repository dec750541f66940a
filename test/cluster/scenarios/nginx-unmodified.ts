import { defineScenario } from '../lib/scenario.ts';

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: shop } }
  strategy:
    canary:
      stableService: shop-stable
      canaryService: shop-canary
      scaleDownDelaySeconds: 1
      abortScaleDownDelaySeconds: 1
      trafficRouting:
        maxTrafficWeight: 1000
        nginx: { stableIngress: shop }
      steps:
        - setWeight: 15
        - pause: {}
        - setWeight: 200
        - pause: {}
        - setWeight: 555
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
  ingressClassName: nginx
  rules:
    - host: shop.example.com
      http:
        paths:
          - { path: /, pathType: Prefix, backend: { service: { name: shop-stable, port: { number: 80 } } } }
`;

const PAUSES = [
  [1, 15],
  [3, 200],
  [5, 555],
] as const;
const ANNOTATION = 'nginx.ingress.kubernetes.io/canary-weight';

/** A Rollout as one writes it for ingress-nginx, in thousandths, where there is only the Ingress. */
export const scenario = defineScenario({
  name: 'nginx-unmodified',
  run: async ({ api, headgate, rollout: driver, step, traffic: start, assert }) => {
    await api.apply(ROLLOUT);
    const rollout = driver('shop');
    await rollout.healthy();
    const proxy = await headgate();
    const traffic = start({
      to: proxy,
      streams: [{ name: 'plain', rate: 120, host: 'shop.example.com' }],
      converge: { rollout: 'shop' },
    });
    const { stable: v1 } = await rollout.hashes();

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    for (const [index, weight] of PAUSES) {
      await rollout.pausedAt(index);
      const { canary } = await rollout.hashes();
      await traffic.expect(`v2 at ${weight}`, { weights: { [v1]: 1000 - weight, [canary]: weight }, answers: 400 });
      const { annotations } = (await api.get('Ingress', 'shop-shop-canary')).metadata;
      assert(annotations?.[ANNOTATION] === String(weight), `the controller wrote ${JSON.stringify(annotations)}`);
      await rollout.promote();
    }
    await rollout.healthy();
    const { stable: v2 } = await rollout.hashes();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 150 });

    step('v3, aborted, undone');
    await rollout.setImage('shop:v3');
    await rollout.pausedAt(1);
    await rollout.promote();
    await rollout.pausedAt(3);
    const { canary: v3 } = await rollout.hashes();
    await traffic.expect('v3 at 200', { weights: { [v2]: 800, [v3]: 200 }, answers: 300 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v3 aborted', { weights: { [v2]: 100 }, answers: 150 });
    await rollout.undo();
    await rollout.healthy();
    await traffic.expect('v3 undone', { weights: { [v2]: 100 }, answers: 150 });
  },
});
