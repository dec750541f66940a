import { ALB_INGRESS } from '../lib/alb-ingress.ts';
import { application } from '../lib/application.ts';
import { Canary } from '../lib/canary.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 4
strategy:
  canary:
    pingPong: { pingService: shop-ping, pongService: shop-pong }
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 1
    trafficRouting:
      alb: { ingress: shop, rootService: shop, servicePort: 80 }
    steps:
      - setWeight: 25
      - pause: {}
      - setWeight: 50
      - pause: {}
`;

const MANIFESTS = [...application({ spec: SPEC, services: ['shop', 'shop-ping', 'shop-pong'] }), ALB_INGRESS];

/**
 * Ping-pong: the two Services change places at each promotion, so neither is always stable's. The published weights name
 * no Service at all; Headgate goes by their hashes.
 */
export const scenario = defineScenario({
  name: 'ping-pong',
  run: async (context) => {
    const { api, step, assert } = context;
    const { rollout, traffic } = await underLoad(context, { manifests: MANIFESTS, converge: { rollout: 'shop' } });
    const selected = async (service: string) =>
      (await api.get('Service', service)).spec.selector?.['rollouts-pod-template-hash'];

    let { stable } = await rollout.hashes();
    for (const name of ['v2', 'v3']) {
      step(`${name}, promoted step by step`);
      await rollout.setImage(`shop:${name}`);
      const version = new Canary({ rollout, traffic, name, stable });
      await version.pausedAt(1, 25);
      await rollout.promote();
      await version.pausedAt(3, 50);
      // v1 is behind ping, v2 behind pong, v3 behind ping again.
      const service = name === 'v2' ? 'shop-pong' : 'shop-ping';
      assert((await selected(service)) === version.hash, `${service} does not select ${version.hash}`);
      await rollout.promote();
      await version.ends();
      stable = version.hash;
    }

    step('v4, aborted, undone');
    await rollout.setImage('shop:v4');
    const v4 = new Canary({ rollout, traffic, name: 'v4', stable });
    await v4.pausedAt(1, 25);
    await v4.abort();
    await v4.undo();
  },
});
