import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 4
strategy:
  canary:
    stableService: shop-stable
    canaryService: shop-canary
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 2
    trafficRouting:
      managedRoutes: [{ name: employees }, { name: beta }]
      alb: { ingress: shop, rootService: shop, servicePort: 80 }
    steps:
      - setCanaryScale: { replicas: 2 }
      - setHeaderRoute:
          name: beta
          match: [{ headerName: X-Beta, headerValue: { exact: "yes" } }]
      - setHeaderRoute:
          name: employees
          match: [{ headerName: X-Employee, headerValue: { exact: "yes" } }]
      - setWeight: 10
      - pause: {}
      - setHeaderRoute: { name: beta }
      - setWeight: 50
      - pause: {}
`;

const INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  # The controller (1.10.1) panics at 'managedRoutes' where an Ingress has no annotation at all.
  annotations: { alb.ingress.kubernetes.io/scheme: internet-facing }
spec:
  ingressClassName: alb
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /*
            pathType: ImplementationSpecific
            backend: { service: { name: shop, port: { name: use-annotation } } }
`;

const MANIFESTS = [
  ...application({ spec: SPEC, serviceType: 'NodePort', services: ['shop', 'shop-stable', 'shop-canary'] }),
  INGRESS,
];

const HOST = 'shop.example.com';
const ACTION = 'alb.ingress.kubernetes.io/actions.';

/** A Rollout as one writes it for the AWS load balancer, where there is only the Ingress and nobody serves its class. */
export const scenario = defineScenario({
  name: 'alb-unmodified',
  run: async (context) => {
    const { api, step, assert } = context;
    const { rollout, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      streams: [
        { name: 'plain', rate: 120, host: HOST },
        { name: 'employee', rate: 20, host: HOST, headers: { 'x-employee': 'yes' } },
        { name: 'beta', rate: 20, host: HOST, headers: { 'x-beta': 'yes' } },
      ],
      converge: { rollout: 'shop' },
    });
    const all = ['plain', 'employee', 'beta'];
    const annotations = async () => (await api.get('Ingress', 'shop')).metadata.annotations ?? {};
    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1', { weights: { [v1]: 100 }, streams: all, answers: 100 });

    step('v2: 10 % and two header routes');
    await rollout.setImage('shop:v2');
    await rollout.pausedAt(4);
    const { canary: v2 } = await rollout.hashes();
    const employeesEnd = traffic.throughout('employees on v2', { employee: v2 });
    await traffic.expect('10 %', { weights: { [v1]: 90, [v2]: 10 }, headers: { beta: v2 }, answers: 400 });
    const written = await annotations();
    for (const name of ['shop', 'employees', 'beta']) {
      assert(written[`${ACTION}${name}`] !== undefined, `the controller wrote ${JSON.stringify(written)}`);
    }

    step('v2: 50 % and one of them');
    await rollout.promote();
    await rollout.pausedAt(7);
    const weights = { [v1]: 50, [v2]: 50 };
    await traffic.expect('50 %', { weights, streams: ['plain', 'beta'], answers: 300 });
    const action = (await annotations())[`${ACTION}shop`] ?? '';
    assert(action.match(/"Weight":50/g)?.length === 2, `the controller wrote ${action}`);
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v2', { weights: { [v2]: 100 }, streams: all, answers: 150 });
    employeesEnd();

    step('v3, aborted, tried again, promoted at once');
    await rollout.setImage('shop:v3');
    await rollout.pausedAt(4);
    const { canary: v3 } = await rollout.hashes();
    const headers = { employee: v3, beta: v3 };
    await traffic.expect('v3', { weights: { [v2]: 90, [v3]: 10 }, headers, answers: 200 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v3 aborted', { weights: { [v2]: 100 }, streams: all, answers: 150 });
    await rollout.retry();
    await rollout.pausedAt(4);
    await traffic.expect('v3 again', { weights: { [v2]: 90, [v3]: 10 }, headers, answers: 200 });
    await rollout.promoteFull();
    await rollout.healthy();
    await traffic.expect('v3 for all', { weights: { [v3]: 100 }, streams: all, answers: 150 });
  },
});
