import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from '../judge/failures.ts';
import { judge } from '../judge/judge.ts';
import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';
import { now } from '../load/clock.ts';
import { startLoad } from '../load/load.ts';
import type { RequestRecord } from '../load/request-record.ts';

const SPEC = `
replicas: 3
strategy:
  canary:
    stableService: shop
    canaryService: shop-canary
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }, { pause: {} }]
`;

const MANIFESTS = application({ spec: SPEC, services: ['shop', 'shop-canary'] });

const KILLS = 6;
/** The moment between the signal and the end of the process. */
const DYING_MS = 100;

/**
 * Pods die without a word (SIGKILL) under load: of stable, and the only one of a canary that has half of the traffic. No
 * GET fails: it is asked again elsewhere. A POST that the Pod has got may have been done, so nobody may ask again
 * (RFC 9110 9.2.2): those that were under way at that very Pod at that very moment may fail, and no others.
 */
export const scenario = defineScenario({
  name: 'pod-killed',
  run: async (context) => {
    const { api, namespace, runner, step, fail, assert } = context;
    const { rollout, proxy, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      // What fails with GET is a finding; POSTs are judged below.
      streams: [{ name: 'GET', rate: 120, host: 'shop', posts: 0 }],
    });
    const posts = startLoad({
      targets: proxy.targets,
      connections: 8,
      streams: [{ name: 'POST', rate: 80, host: 'shop', posts: 1 }],
    });
    proxy.onTargets((targets) => posts.setTargets(targets));
    const killedAt: number[] = [];
    const podsOf = (hash: string) => api.list('Pod', `rollouts-pod-template-hash=${hash}`);
    const kill = async (hash: string, which: number) => {
      const pods = await podsOf(hash);
      const name = pods[which % pods.length]?.metadata.name ?? '';
      killedAt.push(now());
      runner.kill(namespace, name);
      return name;
    };
    /** Ready, gone, and ready again. */
    const back = async (name: string) => {
      const ready = () => runner.times(namespace).find(({ pod }) => pod === name)?.intervals ?? [];
      const before = ready().length;
      await api.retry(async () => {
        const last = ready().at(-1);
        assert(ready().length > before && last?.unusableAt === null, `${name} has not come back`);
      });
    };
    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1', { weights: { [v1]: 100 }, answers: 100 });

    step('Pods of stable');
    for (let which = 0; which < KILLS; which += 1) {
      await back(await kill(v1, which));
      await sleep(500);
    }
    await traffic.expect('after', { weights: { [v1]: 100 }, answers: 100 });

    step('the only Pod of the canary');
    await rollout.setImage('shop:v2');
    await rollout.pausedAt(2);
    const { canary: v2 } = await rollout.hashes();
    await traffic.expect('v2 at 50 %', { weights: { [v1]: 50, [v2]: 50 }, answers: 200 });
    for (let which = 0; which < KILLS / 2; which += 1) {
      await back(await kill(v2, which));
      await sleep(300);
    }
    await traffic.expect('v2 back at 50 %', { weights: { [v1]: 50, [v2]: 50 }, answers: 200 });
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 100 });

    await posts.stop();
    const excused = posts.records.filter((record) => failureOf(record) !== null && wasUnderWay(record, killedAt));
    const { findings, row } = judge({
      scenario: 'POST',
      records: posts.records.filter((record) => !excused.includes(record)),
      surprises: posts.surprises,
      pods: runner.intervals(namespace),
    });
    for (const { demand, message } of findings) fail(`POST: ${demand}: ${message}`);
    step(
      `POST: ${row.requests} answered, ${excused.length} lost with their Pods: ${excused.map(failureOf).join(', ')}`,
    );
    // At 80 a second over 3 Pods which answer in milliseconds, one is rarely under way.
    assert(excused.length <= killedAt.length, `${excused.length} POSTs were lost at ${killedAt.length} kills`);
  },
});

/** Whether it had been sent when a Pod was killed, and ended with it: Headgate says 502. */
function wasUnderWay({ sentAt, endedAt, status }: RequestRecord, killedAt: readonly number[]): boolean {
  return (
    status === 502 && killedAt.some((at) => sentAt < at + DYING_MS && endedAt >= at && endedAt < at + 2 * DYING_MS)
  );
}
