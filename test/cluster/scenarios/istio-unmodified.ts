import { application } from '../lib/application.ts';
import { defineScenario } from '../lib/scenario.ts';
import { underLoad } from '../lib/under-load.ts';

const SPEC = `
replicas: 4
strategy:
  canary:
    stableService: reviews-stable
    canaryService: reviews-canary
    scaleDownDelaySeconds: 1
    abortScaleDownDelaySeconds: 2
    trafficRouting:
      managedRoutes: [{ name: testers }, { name: mirror }]
      istio: { virtualService: { name: reviews, routes: [primary] } }
    steps:
      - setWeight: 5
      - setHeaderRoute:
          name: testers
          match:
            - headerName: x-canary
              headerValue: { exact: "true" }
            - headerName: user-agent
              headerValue: { prefix: Firefox }
            - headerName: x-build
              headerValue: { regex: "nightly-[0-9]+" }
      - pause: {}
      - setMirrorRoute:
          name: mirror
          percentage: 50
          match: [{ method: { exact: GET } }]
      - setWeight: 30
      - pause: {}
      - setMirrorRoute: { name: mirror }
      - setHeaderRoute: { name: testers }
      - pause: {}
      - setWeight: 60
      - pause: {}
`;

const SERVICES = `
apiVersion: v1
kind: Service
metadata: { name: reviews-stable }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: reviews-canary }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
`;

const VIRTUAL_SERVICE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews.example.com]
  http:
    - name: primary
      route:
        - { destination: { host: reviews-stable }, weight: 100 }
        - { destination: { host: reviews-canary }, weight: 0 }
`;

const MANIFESTS = [
  ...application({ spec: SPEC, name: 'reviews', image: 'istio/reviews:v1', port: 9080, services: [] }),
  SERVICES,
  VIRTUAL_SERVICE,
];

const HOST = 'reviews.example.com';
const TESTERS = [
  { name: 'exact', headers: { 'x-canary': 'true' } },
  { name: 'prefix', headers: { 'user-agent': 'Firefox/141.0' } },
  { name: 'regex', headers: { 'x-build': 'nightly-20260801' } },
] as const;
const EVERYBODY = ['plain', 'almost', ...TESTERS.map(({ name }) => name)];

/**
 * A Rollout as one writes it for Istio, where of Istio there is only the VirtualService and its kind. Headgate does what
 * the controller writes into it, header routes included; the mirror route is accepted, and changes nothing.
 */
export const scenario = defineScenario({
  name: 'istio-unmodified',
  run: async (context) => {
    const { api, step, assert } = context;
    const { rollout, traffic } = await underLoad(context, {
      manifests: MANIFESTS,
      name: 'reviews',
      streams: [
        { name: 'plain', rate: 100, host: HOST },
        // What is alike matches no route: not the whole value, another case, a prefix elsewhere.
        { name: 'almost', rate: 20, host: HOST, headers: { 'x-canary': 'TRUE', 'x-build': 'nightly-1b' } },
        ...TESTERS.map(({ name, headers }) => ({ name, rate: 10, host: HOST, headers })),
      ],
      converge: { rollout: 'reviews' },
    });
    const written = async () => JSON.stringify(await api.get('VirtualService', 'reviews'));
    const onCanary = (hash: string) => Object.fromEntries(TESTERS.map(({ name }) => [name, hash]));
    const { stable: v1 } = await rollout.hashes();
    await traffic.expect('v1', { weights: { [v1]: 100 }, streams: EVERYBODY, answers: 100 });

    step('v2: 5 % and the testers');
    await rollout.setImage('istio/reviews:v2');
    await rollout.pausedAt(2);
    const { canary: v2 } = await rollout.hashes();
    const testersEnd = traffic.throughout('testers on v2', onCanary(v2));
    const both = ['plain', 'almost'];
    await traffic.expect('5 %', { weights: { [v1]: 95, [v2]: 5 }, streams: both, answers: 400 });
    assert((await written()).includes('"name":"testers"'), `the controller has written no route: ${await written()}`);

    step('v2: 30 %, mirrored');
    await rollout.promote();
    await rollout.pausedAt(5);
    await traffic.expect('30 %', { weights: { [v1]: 70, [v2]: 30 }, streams: both, answers: 300 });
    assert((await written()).includes('"mirror":'), `the controller has written no mirror: ${await written()}`);
    testersEnd();

    step('v2: without routes');
    await rollout.promote();
    await rollout.pausedAt(8);
    await traffic.expect('no testers', { weights: { [v1]: 70, [v2]: 30 }, streams: EVERYBODY, answers: 200 });
    await rollout.promote();
    await rollout.pausedAt(10);
    await traffic.expect('60 %', { weights: { [v1]: 40, [v2]: 60 }, streams: EVERYBODY, answers: 200 });

    step('v2: the VirtualService is deleted: Degraded, but the split is what was published');
    await api.delete('VirtualService', 'reviews');
    await rollout.until('degraded', ({ status }) => status?.phase === 'Degraded');
    await traffic.expect('deleted', { weights: { [v1]: 40, [v2]: 60 }, streams: EVERYBODY, answers: 200 });
    await api.apply(VIRTUAL_SERVICE);
    await rollout.pausedAt(10);
    await rollout.promote();
    await rollout.healthy();
    await traffic.expect('v2', { weights: { [v2]: 100 }, streams: EVERYBODY, answers: 100 });

    step('v3: aborted with testers on it');
    await rollout.setImage('istio/reviews:v3');
    await rollout.pausedAt(2);
    const { canary: v3 } = await rollout.hashes();
    await traffic.expect('v3', { weights: { [v2]: 95, [v3]: 5 }, headers: onCanary(v3), streams: both, answers: 200 });
    await rollout.abort();
    await rollout.aborted();
    await traffic.expect('v3 aborted', { weights: { [v2]: 100 }, streams: EVERYBODY, answers: 150 });
  },
});
