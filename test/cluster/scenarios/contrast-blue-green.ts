import { ROUNDS, sideBySide } from '../contrast/side-by-side.ts';
import type { Rollout } from '../lib/objects.ts';
import { podsGone } from '../lib/pods-gone.ts';
import { defineScenario } from '../lib/scenario.ts';
import { now } from '../load/clock.ts';

const HEADER = 'x-preview';

/** Its Pods take two seconds to get ready, as real ones take at least. */
const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: shop } }
  strategy:
    blueGreen:
      activeService: shop
      previewService: shop-preview
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 3
      abortScaleDownDelaySeconds: 3
  template:
    metadata:
      labels: { app: shop }
      annotations: { headgate.test/ready-after: "2000" }
    spec:
      containers: [{ name: shop, image: "shop:v1", ports: [{ name: http, containerPort: 8080 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop-preview }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: http }] }
`;

const CONFIG = `
listen: { address: 0.0.0.0, port: 8080 }
admin: { address: 0.0.0.0, port: 8081 }
source: { kubernetes: {} }
routes: [{ name: shop, rollout: shop, headers: [{ name: ${HEADER}, exact: "true", to: preview }] }]
`;

const STREAMS = [
  { name: 'plain', rate: 50, host: 'shop' },
  { name: 'tester', rate: 20, host: 'shop', headers: { [HEADER]: 'true' } },
];

const paused = ({ status }: Rollout) =>
  status?.phase === 'Paused' && status.blueGreen?.previewSelector === status.currentPodHash;

/** One blue-green Rollout, routed by hash and by its Services at the same time. Only Headgate's requests are judged. */
export const scenario = defineScenario({
  name: 'contrast-blue-green',
  timeoutMs: 60_000 + ROUNDS * 60_000,
  run: async (context) => {
    const { api, rollout: driver, step } = context;
    await api.apply(ROLLOUT);
    const rollout = driver('shop');
    await rollout.healthy();
    const { traffic, contrast, end } = await sideBySide(context, {
      config: CONFIG,
      services: { main: 'shop', other: 'shop-preview', ingress: null, header: HEADER },
      streams: STREAMS,
    });

    for (let round = 1; round <= ROUNDS; round += 1) {
      step(`round ${round} of ${ROUNDS}: a preview, aborted`);
      const { stable } = await rollout.hashes();
      const comesUp = contrast.begin('the preview comes up');
      const from = now();
      await rollout.setImage(`shop:v${round + 1}`);
      await rollout.until('paused before the switch', paused);
      comesUp([{ streams: ['plain'], hash: stable, from }]);
      const { canary } = await rollout.hashes();
      const previews = contrast.begin('the preview is there');
      const there = { weights: { [stable]: 100 }, headers: { tester: canary } };
      const preview = await traffic.expect('preview', { ...there, answers: 150 });
      previews([
        { streams: ['plain'], hash: stable, from: preview.from },
        { streams: ['tester'], hash: canary, from: preview.from },
      ]);
      const aborts = contrast.begin('aborted');
      const abortedFrom = now();
      await rollout.abort();
      await rollout.aborted();
      await podsGone(api, `rollouts-pod-template-hash=${canary}`);
      await traffic.expect('aborted', { weights: { [stable]: 100 }, headers: { tester: stable }, answers: 150 });
      aborts([{ streams: ['plain'], hash: stable, from: abortedFrom }]);

      step(`round ${round} of ${ROUNDS}: again, promoted`);
      await rollout.retry();
      await rollout.until('paused before the switch', paused);
      await traffic.expect('preview again', { ...there, answers: 150 });
      const switches = contrast.begin('the switch');
      await rollout.promote();
      await rollout.until('switched', ({ status }) => status?.blueGreen?.activeSelector === canary);
      const switched = now();
      await rollout.healthy();
      await traffic.expect('promoted', { weights: { [canary]: 100 }, headers: { tester: canary }, answers: 250 });
      switches([{ streams: ['plain', 'tester'], hash: canary, from: switched }]);
    }
    await end();
  },
});
