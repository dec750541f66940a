import { example } from '../lib/example.ts';
import { fallbacks } from '../lib/fallbacks.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const HOST = 'proxy-api.x0tta6bl4.io';
const IMAGE = 'x0tta6bl4/proxy-orchestrator';

/** The pauses of the example, and the weight at each. The first is for testers only. */
const PAUSES = [
  [5, 5],
  [7, 10],
  [9, 25],
  [11, 50],
  [13, 75],
] as const;

/**
 * The example of the proxy API, for which a header leads to the canary before any weight does. Where the provider's header
 * route is lost when the canary has no Pod at the moment of its step (argo-rollouts#4486), Headgate's is not.
 */
export const scenario = defineScenario({
  name: 'header-canary',
  run: async (context) => {
    const { step, judge, assert } = context;
    const { rollout, proxy, traffic } = await underLoad(context, {
      ...example('proxy-api-header-canary'),
      name: 'proxy-api',
      streams: [
        { name: 'plain', rate: 120, host: HOST },
        { name: 'tester', rate: 30, host: HOST, headers: { 'x-canary': 'true' } },
        { name: 'other', rate: 10, host: HOST, headers: { 'x-canary': 'maybe' } },
      ],
      converge: { rollout: 'proxy-api' },
    });
    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1', { weights: { [v1]: 100 }, streams: ['plain', 'tester', 'other'], answers: 100 });

    step('v1.1.0: one Pod for testers');
    await rollout.setImage(`${IMAGE}:v1.1.0`);
    await rollout.pausedAt(2);
    const { canary: v2 } = await rollout.hashes();
    const testersEnd = traffic.throughout('testers on v1.1.0', { tester: v2 });
    await traffic.expect('testers only', { weights: { [v1]: 100 }, streams: ['plain', 'other'], answers: 300 });
    for (const [index, weight] of PAUSES) {
      step(`v1.1.0: ${weight} %`);
      await rollout.promote();
      await rollout.pausedAt(index);
      await traffic.expect(`${weight} %`, {
        weights: { [v1]: 100 - weight, [v2]: weight },
        streams: ['plain', 'other'],
        answers: 300,
      });
    }
    // At the end they stay there, too: what was the canary is stable then.
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v1.1.0', { weights: { [v2]: 100 }, streams: ['plain', 'tester', 'other'], answers: 200 });
    testersEnd();

    step('v1.2.0, aborted while only testers are on it');
    await rollout.setImage(`${IMAGE}:v1.2.0`);
    await rollout.pausedAt(2);
    const { canary: v3 } = await rollout.hashes();
    await traffic.expect('v1.2.0', { weights: { [v2]: 100 }, headers: { tester: v3 }, answers: 200 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('aborted', { weights: { [v2]: 100 }, headers: { tester: v2 }, answers: 200 });

    // The only fallback there was: the step matchTrafficWeight comes before the first weight, so it takes the testers'
    // Pod away for a moment. After an abort there is no header route any more that anybody could fall back from.
    const row = await judge(traffic);
    const counted = await fallbacks(proxy);
    const wanted =
      row.headerMisses === 0 &&
      Object.keys(counted).every((key) => key === 'canary to stable: no_endpoints' || counted[key] === 0);
    assert(wanted, `fallbacks: ${JSON.stringify(counted)}`);
  },
});
