import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';

const SHOP = `
replicas: 3
strategy:
  canary:
    stableService: shop
    canaryService: shop-next
    trafficRouting: {}
    scaleDownDelaySeconds: 1
    steps: [{ setWeight: 30 }, { pause: {} }, { setWeight: 70 }, { pause: {} }]
`;

const CART = `
replicas: 3
strategy:
  blueGreen: { activeService: cart, previewService: cart-next, autoPromotionEnabled: false, scaleDownDelaySeconds: 1 }
`;

const APP = { image: 'app:v1', container: 'app' };
const MANIFESTS = [
  ...application({ ...APP, spec: SHOP, services: ['shop', 'shop-next'] }),
  ...application({ ...APP, spec: CART, name: 'cart', port: 9000, services: ['cart', 'cart-next'] }),
];

/**
 * Two Rollouts behind one Headgate, told apart by the names of their Services. While one rolls, the other one's requests
 * notice nothing, and no request of one ever meets a Pod of the other.
 */
export const scenario = defineScenario({
  name: 'two-rollouts',
  run: async ({ api, namespace, headgate, rollout: driver, step, traffic: start, judge, assert }) => {
    await api.apply(MANIFESTS);
    const shop = driver('shop');
    const cart = driver('cart');
    await shop.healthy();
    await cart.healthy();
    const proxy = await headgate();
    const streams = [
      { name: 'shop', rate: 80, host: 'shop' },
      { name: 'shop in full', rate: 20, host: `shop-next.${namespace}.svc.cluster.local:80` },
      { name: 'cart', rate: 60, host: `Cart.${namespace}` },
    ];
    const traffic = start({ to: proxy, streams, converge: { rollout: 'shop', split: stepSplit } });
    const shops = ['shop', 'shop in full'];
    const { stable: shop1 } = await shop.hashes();
    const { stable: cart1 } = await cart.hashes();
    await traffic.expect('v1', { weights: { [shop1]: 100 }, streams: shops, headers: { cart: cart1 }, answers: 100 });

    step('shop rolls');
    const cartEnd = traffic.throughout('cart while shop rolls', { cart: cart1 });
    await shop.setImage('app:v2');
    await shop.pausedAt(1);
    const { canary: shop2 } = await shop.hashes();
    await traffic.expect('30 %', { weights: { [shop1]: 70, [shop2]: 30 }, streams: shops, answers: 300 });
    await shop.promote();
    await shop.pausedAt(3);
    await traffic.expect('70 %', { weights: { [shop1]: 30, [shop2]: 70 }, streams: shops, answers: 300 });
    cartEnd();

    step('cart rolls, too');
    await cart.setImage('app:v2');
    await cart.until('paused', ({ status }) => status?.phase === 'Paused');
    const { canary: cart2 } = await cart.hashes();
    const weights = { [shop1]: 30, [shop2]: 70 };
    await traffic.expect('cart v2 waits', { weights, streams: shops, headers: { cart: cart1 }, answers: 200 });
    await cart.promote();
    await cart.healthy();
    await traffic.expect('cart v2', { weights, streams: shops, headers: { cart: cart2 }, answers: 200 });
    await shop.promote();
    await shop.healthy();
    await traffic.expect('shop v2', {
      weights: { [shop2]: 100 },
      streams: shops,
      headers: { cart: cart2 },
      answers: 100,
    });

    await judge(traffic);
    for (const { id, stream, pod } of traffic.load.records) {
      const own = stream === 'cart' ? 'cart-' : 'shop-';
      assert(pod === null || pod.startsWith(own), `${id} of ${stream} was answered by ${pod}`);
    }
    const [target] = proxy.targets;
    // Another host leads nowhere.
    const { status } = await fetch(`http://${target?.host}:${target?.port}/`);
    assert(status === 404, `a host that no Service has got ${status}`);
  },
});
