import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 4
strategy:
  canary:
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    steps:
      - setWeight: 25
      - pause: {}
      - setWeight: 50
      - pause: {}
      - setWeight: 75
      - pause: {}
`;

const MANIFESTS = application({ spec: SPEC, services: [] });

/**
 * The API server ends twice in the middle of a rollout: once as it should (SIGTERM), once by kill -9. Meanwhile the split
 * is what it was, and afterwards the rollout goes on, seen at once.
 */
export const scenario = defineScenario({
  name: 'api-server-restart',
  exclusive: true,
  run: async (context) => {
    const { cluster, step, assert } = context;
    const { rollout, proxy, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      streams: [
        { name: 'plain', rate: 120, host: 'shop' },
        { name: 'other', rate: 20, host: 'anything' },
      ],
      converge: { rollout: 'shop', split: stepSplit },
    });
    const { stable: v1 } = await rollout.hashes();
    await rollout.setImage('shop:v2');
    await rollout.pausedAt(1);
    const { canary: v2 } = await rollout.hashes();
    const split = (weight: number) => ({ weights: { [v1]: 100 - weight, [v2]: weight }, answers: 300 });
    await traffic.expect('25 %', split(25));

    step('the API server is restarted');
    await cluster.stopApiServer();
    await traffic.expect('25 %, without an API server', split(25));
    assert(
      (await proxy.ask('/readyz')).every((text) => text.startsWith('ok')),
      'not ready for want of an API server',
    );
    await cluster.startApiServer();
    await caughtUp(25);
    await traffic.expect('25 %, with a new API server', split(25));
    await rollout.promote();
    await rollout.pausedAt(3);
    await traffic.expect('50 %', split(50));

    step('the API server is killed while a step begins');
    await rollout.promote();
    await cluster.killApiServer();
    const begin = performance.now();
    await cluster.startApiServer();
    step(`it was away for ${Math.round(performance.now() - begin)} ms`);
    await rollout.pausedAt(5);
    await caughtUp(75);
    await traffic.expect('75 %', split(75));
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 200 });

    /** Headgate has heard of it. A server that starts asks for 5 s of patience (503, Retry-After), which is no problem yet. */
    async function caughtUp(weight: number): Promise<void> {
      const begin = performance.now();
      const shows = (table: unknown) =>
        JSON.stringify(table).includes(`"name":"${v2}","role":"canary","weight":${weight},`);
      await proxy.untilTable(
        `${weight} %, and no problem`,
        (table) => table.problems.length === 0 && shows(table),
        10_000,
      );
      step(`caught up ${Math.round(performance.now() - begin)} ms after that`);
    }
  },
});
