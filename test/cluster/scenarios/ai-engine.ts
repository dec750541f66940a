import { example } from '../lib/example.ts';
import { fallbacks } from '../lib/fallbacks.ts';
import { defineScenario } from '../lib/scenario.ts';

const WORKERS = 'workers.ai-engine.example.com';
const API = 'api.ai-engine.example.com';

/** The example of the AI engine: blue-green workers and a canary written for ingress-nginx, told apart by host, both rolling. */
export const scenario = defineScenario({
  name: 'ai-engine',
  run: async ({ api, headgate, rollout: driver, step, assert, traffic: start }) => {
    const { manifests, config } = example('ai-engine-blue-green');
    await api.apply(manifests);
    const [workers, engine] = [driver('ai-engine-workers'), driver('ai-engine-api')];
    await Promise.all([workers.healthy(), engine.healthy()]);
    const proxy = await headgate({ config });
    const traffic = start({
      to: proxy,
      streams: [
        { name: 'workers', rate: 60, host: WORKERS },
        { name: 'api', rate: 80, host: API },
        { name: 'preview', rate: 20, host: WORKERS, headers: { 'x-preview': 'true' } },
        // The header means nothing to the other route.
        { name: 'astray', rate: 10, host: API, headers: { 'x-preview': 'true' } },
      ],
      converge: { rollout: 'ai-engine-api', route: 'api' },
    });
    const { stable: blue } = await workers.hashes();
    const { stable: v1 } = await engine.hashes();
    const onlyBlue = traffic.throughout('the workers stay', { workers: blue });

    step('both roll: the workers have a preview, the API a canary of 20 %');
    await Promise.all([
      workers.setImage('ghcr.io/your-org/ai-engine-workers:v1.1.0'),
      engine.setImage('ghcr.io/your-org/ai-engine-api:v1.1.0'),
    ]);
    await Promise.all([workers.pausedBeforeSwitch(), engine.pausedAt(1)]);
    const { canary: green } = await workers.hashes();
    const { canary: v2 } = await engine.hashes();
    const fifth = { weights: { [v1]: 80, [v2]: 20 }, streams: ['api', 'astray'] };
    await traffic.expect('preview, and 20 %', { ...fifth, headers: { workers: blue, preview: green }, answers: 300 });

    step('the workers are promoted, the API goes to 40 %');
    onlyBlue();
    await Promise.all([workers.promote(), engine.promote()]);
    await Promise.all([workers.healthy(), engine.pausedAt(3)]);
    await traffic.expect('promoted, and 40 %', {
      weights: { [v1]: 60, [v2]: 40 },
      streams: ['api', 'astray'],
      headers: { workers: green, preview: green },
      answers: 300,
    });

    step('the next workers are aborted, and so is the API');
    const onlyGreen = traffic.throughout('the workers stay again', { workers: green });
    await workers.setImage('ghcr.io/your-org/ai-engine-workers:v1.2.0');
    await workers.pausedBeforeSwitch();
    const { canary: aborted } = await workers.hashes();
    await traffic.expect('the next preview', { headers: { workers: green, preview: aborted }, answers: 100 });
    await Promise.all([workers.abort(), engine.abort()]);
    await Promise.all([workers.aborted(), engine.aborted()]);
    await traffic.expect('both aborted', {
      weights: { [v1]: 100 },
      streams: ['api', 'astray'],
      headers: { workers: green },
      answers: 200,
    });
    onlyGreen();
    // Before there was a preview its requests were the active version's.
    const counted = await fallbacks(proxy);
    const strange = Object.entries(counted).filter(([key, count]) => count > 0 && !key.startsWith('preview to active'));
    assert(strange.length === 0, `fallbacks: ${JSON.stringify(counted)}`);
  },
});
