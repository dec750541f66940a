import { application } from '../lib/application.ts';
import { Canary } from '../lib/canary.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 4
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
`;

const INGRESS = `
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

const MANIFESTS = [...application({ spec: SPEC, services: ['shop-stable', 'shop-canary'] }), INGRESS];

const PAUSES = [
  [1, 15],
  [3, 200],
  [5, 555],
] as const;
const ANNOTATION = 'nginx.ingress.kubernetes.io/canary-weight';

/** A Rollout as one writes it for ingress-nginx, in thousandths, where there is only the Ingress. */
export const scenario = defineScenario({
  name: 'nginx-unmodified',
  run: async (context) => {
    const { api, step, assert } = context;
    const { rollout, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      streams: [{ name: 'plain', rate: 120, host: 'shop.example.com' }],
      converge: { rollout: 'shop' },
    });
    const { stable: v1 } = await rollout.hashes();

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    const v2 = new Canary({ rollout, traffic, name: 'v2', stable: v1, total: 1000 });
    await v2.climb(PAUSES, { answers: 400 }, async (weight) => {
      const { annotations } = (await api.get('Ingress', 'shop-shop-canary')).metadata;
      assert(annotations?.[ANNOTATION] === String(weight), `the controller wrote ${JSON.stringify(annotations)}`);
    });
    await v2.ends();

    step('v3, aborted, undone');
    await rollout.setImage('shop:v3');
    const v3 = new Canary({ rollout, traffic, name: 'v3', stable: v2.hash, total: 1000 });
    await rollout.pausedAt(1);
    await rollout.promote();
    await v3.pausedAt(3, 200);
    await v3.abort();
    await v3.undo();
  },
});
