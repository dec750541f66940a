import { ALB_INGRESS } from '../lib/alb-ingress.ts';
import { application } from '../lib/application.ts';
import { Canary } from '../lib/canary.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 5
strategy:
  canary:
    stableService: shop-stable
    canaryService: shop-canary
    dynamicStableScale: true
    trafficRouting:
      alb: { ingress: shop, rootService: shop, servicePort: 80 }
    steps:
      - setWeight: 20
      - pause: {}
      - setWeight: 60
      - pause: {}
`;

const MANIFESTS = [
  ...application({ spec: SPEC, readyAfterMs: 700, services: ['shop', 'shop-stable', 'shop-canary'] }),
  ALB_INGRESS,
];

/**
 * Stable gives up Pods as the canary gets traffic, so after an abort it cannot take everything back at once: the
 * controller publishes the way back in steps, as stable's Pods get ready, and Headgate goes it with them.
 */
export const scenario = defineScenario({
  name: 'dynamic-stable-scale',
  run: async (context) => {
    const { api, step, assert } = context;
    const { rollout, traffic } = await underLoad(context, { manifests: MANIFESTS, converge: { rollout: 'shop' } });
    const { stable: v1 } = await rollout.hashes();

    step('v2, promoted step by step');
    await rollout.setImage('shop:v2');
    const v2 = new Canary({ rollout, traffic, name: 'v2', stable: v1 });
    await v2.pausedAt(1, 20);
    await rollout.promote();
    await v2.pausedAt(3, 60);
    const kept = (await api.get('ReplicaSet', `shop-${v1}`)).spec.replicas;
    assert(kept === 2, `stable keeps ${kept} Pods at 60 %, not 2 of 5`);
    await rollout.promote();
    await v2.ends();

    step('v3, aborted at 60 %');
    await rollout.setImage('shop:v3');
    const v3 = new Canary({ rollout, traffic, name: 'v3', stable: v2.hash });
    await rollout.pausedAt(1);
    await rollout.promote();
    await v3.pausedAt(3, 60, { answers: 200 });
    const published: number[] = [];
    let abortedAt = 0;
    const back = Promise.withResolvers<number>();
    const watch = api.watch('Rollout', ({ object: { status }, at }) => {
      const weight = status?.canary?.weights?.canary.weight;
      if (weight !== undefined && weight !== published.at(-1)) published.push(weight);
      if (status?.abort !== true) return;
      abortedAt ||= at;
      if (weight === 0) back.resolve(at - abortedAt);
    });
    await rollout.abort();
    await rollout.until('aborted, with nothing on the canary', ({ status }) => {
      return status?.abort === true && status.canary?.weights?.canary.weight === 0;
    });
    // Another watch has told so; this one is about to.
    const backMs = await back.promise;
    watch.close();
    step(`weights on the way back: ${published.join(', ')}, within ${backMs.toFixed(0)} ms`);
    // Whether there is a step between depends on whether stable's Pods get ready at different moments.
    assert(published[0] === 60 && backMs > 500, 'the traffic came back at once: nothing was proven');
    await traffic.expect('v3 aborted', { weights: { [v2.hash]: 100 }, answers: 150 });

    step('v3 again, promoted at once');
    await rollout.retry();
    await rollout.pausedAt(1);
    await v3.promoteFull();
  },
});
