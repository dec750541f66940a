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
      pingPong: { pingService: shop-ping, pongService: shop-pong }
      scaleDownDelaySeconds: 1
      abortScaleDownDelaySeconds: 1
      trafficRouting:
        alb: { ingress: shop, rootService: shop, servicePort: 80 }
      steps:
        - setWeight: 25
        - pause: {}
        - setWeight: 50
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
metadata: { name: shop-ping }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop-pong }
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
 * Ping-pong: the two Services change places at each promotion, so neither is always stable's. The published weights name
 * no Service at all; Headgate goes by their hashes.
 */
export const scenario = defineScenario({
  name: 'ping-pong',
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
    const selected = async (service: string) =>
      (await api.get('Service', service)).spec.selector?.['rollouts-pod-template-hash'];

    let { stable } = await rollout.hashes();
    for (const version of ['v2', 'v3']) {
      step(`${version}, promoted step by step`);
      await rollout.setImage(`shop:${version}`);
      await rollout.pausedAt(1);
      const { canary } = await rollout.hashes();
      await traffic.expect(`${version} at 25 %`, { weights: { [stable]: 75, [canary]: 25 }, answers: 300 });
      await rollout.promote();
      await rollout.pausedAt(3);
      await traffic.expect(`${version} at 50 %`, { weights: { [stable]: 50, [canary]: 50 }, answers: 300 });
      // v1 is behind ping, v2 behind pong, v3 behind ping again.
      const service = version === 'v2' ? 'shop-pong' : 'shop-ping';
      assert((await selected(service)) === canary, `${service} does not select ${canary}`);
      await rollout.promote();
      await rollout.healthy();
      await traffic.expect(version, { weights: { [canary]: 100 }, answers: 150 });
      stable = canary;
    }

    step('v4, aborted, undone');
    await rollout.setImage('shop:v4');
    await rollout.pausedAt(1);
    const { canary } = await rollout.hashes();
    await traffic.expect('v4 at 25 %', { weights: { [stable]: 75, [canary]: 25 }, answers: 300 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v4 aborted', { weights: { [stable]: 100 }, answers: 150 });
    await rollout.undo();
    await rollout.healthy();
    await traffic.expect('v4 undone', { weights: { [stable]: 100 }, answers: 150 });
  },
});
