import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';

const SPEC = `
replicas: 4
strategy:
  canary:
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    steps: [{ setWeight: 25 }, { pause: {} }]
`;

const MANIFESTS = application({ spec: SPEC, services: [] });

/** How long it takes a node, or a load balancer, to hear that a Pod came or is going: less than `drain.delay`, 5 s. */
const NEWS_MS = 3_000;

/**
 * Headgate's own Pods come and go in the middle of a canary: one of two is deleted, then all are replaced by a rolling
 * update, and last one of them is while the canary ends. Nobody notices.
 */
export const scenario = defineScenario({
  name: 'headgate-restart',
  run: async ({ api, kubectl, headgate, rollout: driver, step, assert, traffic: start }) => {
    await api.apply(MANIFESTS);
    const rollout = driver('shop');
    await rollout.healthy();
    const proxy = await headgate();
    const traffic = start({ to: proxy.targets, streams: [{ name: 'plain', rate: 120, host: 'shop' }] });
    proxy.onTargets((targets) => setTimeout(() => traffic.load.setTargets(targets), NEWS_MS));
    const { stable: v1 } = await rollout.hashes();
    await rollout.setImage('shop:v2');
    await rollout.pausedAt(1);
    const { canary: v2 } = await rollout.hashes();
    const quarter = { weights: { [v1]: 75, [v2]: 25 } };
    await traffic.expect('25 %', { ...quarter, answers: 200 });

    step('one replica is deleted');
    const [first = ''] = await proxy.pods();
    await api.delete('Pod', first);
    await traffic.expect('25 %, while one drains', { ...quarter, answers: 700 });
    await kubectl.kubectl(['rollout', 'status', 'deployment/headgate', '--timeout=60s']);
    await gone(first);

    step('a rolling update');
    const before = new Set(await proxy.pods());
    await kubectl.kubectl(['rollout', 'restart', 'deployment/headgate']);
    const rolled = kubectl.kubectl(['rollout', 'status', 'deployment/headgate', '--timeout=90s']);
    await traffic.expect('25 %, during the update', { ...quarter, answers: 1200 });
    await rolled;
    for (const name of before) await gone(name);
    const after = await proxy.pods();
    assert(after.length === 2 && after.every((name) => !before.has(name)), `Headgate's Pods are ${after.join(', ')}`);

    step('one replica is deleted while the canary ends');
    const [next = ''] = await proxy.pods();
    await Promise.all([api.delete('Pod', next), rollout.promote()]);
    await rollout.healthy();
    await traffic.expect('v2', { weights: { [v2]: 100 }, answers: 300 });
    await gone(next);

    async function gone(name: string): Promise<void> {
      await api.retry(async () => assert((await api.find('Pod', name)) === null, `${name} is still there`), 60_000);
    }
  },
});
