import { application } from '../lib/application.ts';
import { fallbacks } from '../lib/fallbacks.ts';
import { headerConfig } from '../lib/header-config.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 3
progressDeadlineSeconds: 4
strategy:
  canary:
    stableService: shop
    canaryService: shop-canary
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 1
    steps:
      - setWeight: 50
      - pause: {}
`;

const MANIFESTS = application({ spec: SPEC, services: ['shop', 'shop-canary'] });

const CONFIG = headerConfig('x-canary', 'canary');

const REASONS = ['absent', 'no_endpoints', 'aborted'] as const;

/**
 * A canary that never becomes ready. Nobody sees it: not by weight, and testers who ask for it by header get stable. The
 * counters tell each of their requests and why: no canary, no Pod of it ready, aborted.
 */
export const scenario = defineScenario({
  name: 'canary-broken',
  run: async (context) => {
    const { step, judge, assert } = context;
    const { rollout, proxy, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      config: CONFIG,
      streams: [
        { name: 'plain', rate: 100, host: 'shop' },
        { name: 'tester', rate: 40, host: 'shop', headers: { 'x-canary': 'true' } },
      ],
      converge: { rollout: 'shop', split: stepSplit },
    });
    const { stable: v1 } = await rollout.hashes();
    const both = ['plain', 'tester'];
    const counted = async (reason: (typeof REASONS)[number]) =>
      (await fallbacks(proxy))[`canary to stable: ${reason}`] ?? 0;
    /** All go to stable, and the testers' are counted for this reason. */
    const stable = async (name: string, reason: (typeof REASONS)[number]) => {
      const before = await counted(reason);
      await traffic.expect(name, { weights: { [v1]: 100 }, streams: both, answers: 200 });
      const growth = (await counted(reason)) - before;
      // 200 answers of the first stream are 80 of the second, and the half second before them is 20.
      assert(growth >= 80, `${name}: of the testers' requests ${growth} were counted as ${reason}`);
    };
    await stable('v1', 'absent');

    step('broken');
    await rollout.setImage('shop:broken');
    await rollout.until('on its way', ({ status }) => status?.currentPodHash !== status?.stableRS);
    await stable('broken', 'no_endpoints');
    await rollout.until('degraded', ({ status }) => status?.phase === 'Degraded');
    await stable('broken for too long', 'no_endpoints');

    step('aborted');
    await rollout.abort();
    await rollout.aborted();
    await stable('aborted', 'aborted');

    step('undone');
    await rollout.undo();
    await rollout.healthy();
    await stable('undone', 'absent');

    step('v2, which works');
    await rollout.setImage('shop:v2');
    await rollout.pausedAt(1);
    const { canary: v2 } = await rollout.hashes();
    await traffic.expect('v2', { weights: { [v1]: 50, [v2]: 50 }, headers: { tester: v2 }, answers: 300 });
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v2 for all', { weights: { [v2]: 100 }, streams: both, answers: 150 });

    await judge(traffic);
    const answered = (by: string) =>
      traffic.load.records.filter(({ stream, hash }) => stream === 'tester' && hash === by).length;
    const testers = answered(v1);
    const all = await fallbacks(proxy);
    const sum = REASONS.reduce((total, reason) => total + (all[`canary to stable: ${reason}`] ?? 0), 0);
    const extra = Object.values(all).reduce((total, count) => total + count, 0) - sum;
    step(`testers on stable: ${testers}; fallbacks: ${JSON.stringify(all)}`);
    assert(extra === 0, `other fallbacks: ${JSON.stringify(all)}`);
    // At the end v2 is stable: testers are on it as the canary before, and for want of one after.
    const most = testers + answered(v2);
    assert(sum >= testers && sum <= most, `${testers} requests of testers on stable, ${sum} counted`);
  },
});
