import { ROUNDS, sideBySide } from '../contrast/side-by-side.ts';
import { application } from '../lib/application.ts';
import { podsGone } from '../lib/pods-gone.ts';
import { defineScenario } from '../lib/scenario.ts';
import { now } from '../load/clock.ts';

const HEADER = 'x-preview';

const SPEC = `
replicas: 3
strategy:
  blueGreen:
    activeService: shop
    previewService: shop-preview
    autoPromotionEnabled: false
    scaleDownDelaySeconds: 3
    abortScaleDownDelaySeconds: 3
`;

/** Its Pods take two seconds to get ready, as real ones take at least. */
const MANIFESTS = application({ spec: SPEC, readyAfterMs: 2_000, services: ['shop', 'shop-preview'] });

/** One blue-green Rollout, routed by hash and by its Services at the same time. Only Headgate's requests are judged. */
export const scenario = defineScenario({
  name: 'contrast-blue-green',
  timeoutMs: 60_000 + ROUNDS * 60_000,
  run: async (context) => {
    const { api, step } = context;
    const { rollout, traffic, contrast, end } = await sideBySide(context, {
      manifests: MANIFESTS,
      tester: { header: HEADER, to: 'preview' },
      services: { main: 'shop', other: 'shop-preview', ingress: null },
    });

    for (let round = 1; round <= ROUNDS; round += 1) {
      step(`round ${round} of ${ROUNDS}: a preview, aborted`);
      const { stable } = await rollout.hashes();
      const comesUp = contrast.begin('the preview comes up');
      const from = now();
      await rollout.setImage(`shop:v${round + 1}`);
      await rollout.pausedBeforeSwitch();
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
      await rollout.pausedBeforeSwitch();
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
