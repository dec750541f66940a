import { setTimeout as sleep } from 'node:timers/promises';
import { ROUNDS, sideBySide } from '../contrast/side-by-side.ts';
import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';
import { now } from '../load/clock.ts';

const HEADER = 'x-canary';

const SPEC = `
replicas: 3
strategy:
  canary:
    stableService: shop
    canaryService: shop-canary
    trafficRouting:
      nginx:
        stableIngress: shop
        additionalIngressAnnotations: { canary-by-header: ${HEADER}, canary-by-header-value: "true" }
    scaleDownDelaySeconds: 3
    abortScaleDownDelaySeconds: 5
    steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }]
`;

const INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  ingressClassName: nobodys
  rules:
    - host: shop
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: shop, port: { number: 80 } } } }] }
`;

const MANIFESTS = [...application({ spec: SPEC, services: ['shop', 'shop-canary'] }), INGRESS];

/**
 * One canary, routed by hash and by its Services at the same time: what happens to the same requests. Only Headgate's are
 * judged; what the others make of it is counted and printed.
 */
export const scenario = defineScenario({
  name: 'contrast-canary',
  timeoutMs: 60_000 + ROUNDS * 60_000,
  run: async (context) => {
    const { step } = context;
    const { rollout, traffic, contrast, end } = await sideBySide(context, {
      manifests: MANIFESTS,
      tester: { header: HEADER, to: 'canary' },
      services: { main: 'shop', other: 'shop-canary', ingress: 'shop-shop-canary' },
      converge: { rollout: 'shop' },
    });
    for (let round = 1; round <= ROUNDS; round += 1) {
      step(`round ${round} of ${ROUNDS}: 20 %, aborted`);
      const { stable } = await rollout.hashes();
      const comesUp = contrast.begin('the canary comes up');
      await rollout.setImage(`shop:v${round + 1}`);
      await rollout.pausedAt(1);
      comesUp([]);
      const { canary } = await rollout.hashes();
      const at20 = contrast.begin('at 20 %');
      const twenty = { weights: { [stable]: 80, [canary]: 20 }, headers: { tester: canary } };
      const { from } = await traffic.expect('20 %', { ...twenty, answers: 150 });
      at20([{ streams: ['tester'], hash: canary, from }]);
      const aborts = contrast.begin('aborted');
      await rollout.abort();
      await rollout.aborted();
      const aborted = now();
      await traffic.expect('aborted', { weights: { [stable]: 100 }, headers: { tester: stable }, answers: 375 });
      aborts([{ streams: ['plain', 'tester'], hash: stable, from: aborted }]);

      step(`round ${round} of ${ROUNDS}: again, to the end`);
      await rollout.retry();
      await rollout.pausedAt(1);
      await rollout.promote();
      await rollout.pausedAt(3);
      await sleep(500);
      const ends = contrast.begin('the last step');
      await rollout.promote();
      await rollout.until('all on the new version', ({ status }) => status?.canary?.weights?.canary.weight === 100);
      const all = now();
      await rollout.healthy();
      await traffic.expect('the new version', {
        weights: { [canary]: 100 },
        headers: { tester: canary },
        answers: 225,
      });
      ends([{ streams: ['plain', 'tester'], hash: canary, from: all }]);
    }
    await end();
  },
});
