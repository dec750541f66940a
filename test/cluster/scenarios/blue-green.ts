import { application } from '../lib/application.ts';
import { fallbacks } from '../lib/fallbacks.ts';
import { headerConfig } from '../lib/header-config.ts';
import type { Rollout } from '../lib/objects.ts';
import { podsGone } from '../lib/pods-gone.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 3
strategy:
  blueGreen:
    activeService: shop
    previewService: shop-preview
    autoPromotionEnabled: false
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 4
    postPromotionAnalysis: { templates: [{ templateName: endless }] }
`;

/** The analysis after the switch is a Job that never ends, so what comes between the switch and its end lasts. */
const ENDLESS = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: endless }
spec:
  metrics:
    - name: endless
      provider:
        job:
          spec:
            template:
              spec:
                containers: [{ name: endless, image: "endless:v1" }]
                restartPolicy: Never
`;

const MANIFESTS = [ENDLESS, ...application({ spec: SPEC, services: ['shop', 'shop-preview'] })];

const CONFIG = `${headerConfig('x-preview', 'preview')}drain: { delay: 5s, timeout: 30s }
`;

/** Production is on one version at every moment, and the header on the preview as long as there is one. */
export const scenario = defineScenario({
  name: 'blue-green',
  run: async (context) => {
    const { api, kubectl, step, assert } = context;
    const { rollout, proxy, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      config: CONFIG,
      streams: [
        { name: 'production', rate: 100, host: 'shop' },
        { name: 'preview', rate: 25, host: 'shop', headers: { 'x-preview': 'true' } },
      ],
      converge: { rollout: 'shop', split: activeSplit },
    });
    const production = (hash: string) => ({ weights: { [hash]: 100 }, answers: 200 });

    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1, no preview', { ...production(v1), headers: { preview: v1 } });
    const { 'preview to active: absent': absent = 0 } = await fallbacks(proxy);
    assert(absent > 20, `${absent} requests for an absent preview were counted`);

    step('v2: preview, switch, promoted past its analysis');
    const before = traffic.throughout('production while v2 comes up', { production: v1 });
    await rollout.setImage('shop:v2');
    await rollout.pausedBeforeSwitch();
    const { canary: v2 } = await rollout.hashes();
    await traffic.expect('v2 as preview', { ...production(v1), headers: { preview: v2 } });
    before();
    await rollout.promote();
    await rollout.until('switched', ({ status }) => status?.blueGreen?.activeSelector === v2);
    await traffic.expect('v2, judged by its analysis', { ...production(v2), headers: { preview: v2 } });
    await rollout.promoteFull();
    await rollout.healthy();
    const after = traffic.throughout('production after v2', { production: v2 });
    await traffic.expect('v2', { ...production(v2), headers: { preview: v2 } });
    after();

    step('v3: aborted after the switch');
    await rollout.setImage('shop:v3');
    await rollout.pausedBeforeSwitch();
    const { canary: v3 } = await rollout.hashes();
    await rollout.promote();
    await rollout.until('switched', ({ status }) => status?.blueGreen?.activeSelector === v3);
    await traffic.expect('v3', { ...production(v3), headers: { preview: v3 } });
    await rollout.abort();
    await rollout.until('back', ({ status }) => status?.blueGreen?.activeSelector === v2);
    await traffic.expect('v3 aborted', production(v2));

    step('v4: aborted as a preview');
    const throughout = traffic.throughout('production while v4 comes and goes', { production: v2 });
    await rollout.setImage('shop:v4');
    await rollout.pausedBeforeSwitch();
    const { canary: v4 } = await rollout.hashes();
    await traffic.expect('v4 as preview', { ...production(v2), headers: { preview: v4 } });
    await rollout.abort();
    await rollout.aborted();
    // Its Pods stay for abortScaleDownDelaySeconds, and whoever asks for the preview may still look at it.
    await traffic.expect('v4 aborted', { ...production(v2), headers: { preview: v4 } });
    await podsGone(api, `rollouts-pod-template-hash=${v4}`);
    const counted = (await fallbacks(proxy))['preview to active: no_endpoints'] ?? 0;
    await traffic.expect('the preview is empty', { ...production(v2), headers: { preview: v2 } });
    const now = (await fallbacks(proxy))['preview to active: no_endpoints'] ?? 0;
    assert(now - counted > 20, `${now - counted} requests for an empty preview were counted`);

    // The revision before the last one is v3.
    await kubectl.argo(['undo', 'shop', '--to-revision=2']);
    await rollout.healthy();
    await traffic.expect('undone', { ...production(v2), headers: { preview: v2 } });
    throughout();
  },
});

/** What is timed: all of production, to the version that the active Service selects. */
function activeSplit({ status }: Rollout): Readonly<Record<string, number>> | null {
  const active = status?.blueGreen?.activeSelector ?? '';
  return active === '' ? null : { [active]: 100 };
}
