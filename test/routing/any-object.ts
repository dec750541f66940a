import fc from 'fast-check';
import { container, experiment, headerStep, pod, rollout, service } from './builders.ts';

// The Pods of web's hash A-B are in a ReplicaSet that is called like the one of web-A's hash B.
const NAMES = ['web', 'api', 'web-A'] as const;
const HASHES = ['A', 'B', 'A-B'] as const;
const EXPERIMENTS = ['exp', 'more'] as const;
const name = fc.constantFrom(...NAMES);
// Mostly one namespace, so that things meet.
const namespace = fc.constantFrom('shop', 'shop', 'shop', 'other');
const hash = fc.constantFrom(...HASHES, 'C', '');
const weight = fc.constantFrom(-5, 0, 10, 25, 50, 100);
const published = fc.record({
  weight,
  podTemplateHash: hash,
  serviceName: fc.constantFrom('', 'exp-one', 'more-two', 'none'),
});

const step = fc.oneof(
  fc.record({ setWeight: weight }),
  fc.constantFrom<object>(
    { pause: {} },
    { setCanaryScale: { replicas: 1 } },
    { setCanaryScale: { matchTrafficWeight: true } },
    headerStep('h', 'x-h', { exact: '1' }),
    headerStep('h', 'x-h', { regex: '(' }),
    { setHeaderRoute: { name: 'h' } },
  ),
);

const canary = fc.record({
  stableService: fc.constantFrom('', 'web', 'api', 'web-canary'),
  canaryService: fc.constantFrom('', 'web-canary'),
  trafficRouting: fc.constantFrom<object | null>(null, {}, { istio: {} }, { maxTrafficWeight: 7 }),
  dynamicStableScale: fc.boolean(),
  steps: fc.array(step, { maxLength: 3 }),
});

const strategy = fc.oneof(
  { weight: 3, arbitrary: canary.map((value) => ({ canary: value })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ activeService: fc.constantFrom('', 'web', 'api'), previewService: fc.constantFrom('', 'web-canary') })
      .map((value) => ({ blueGreen: value })),
  },
);

const status = fc.record({
  observedGeneration: fc.constantFrom('1', '1', '2', ''),
  stableRS: hash,
  currentPodHash: hash,
  currentStepIndex: fc.option(fc.nat(4)),
  abort: fc.boolean(),
  promoteFull: fc.boolean(),
  blueGreen: fc.record({ activeSelector: hash, previewSelector: hash }),
  canary: fc.record({
    weights: fc.option(
      fc.record({ canary: published, stable: published, additional: fc.array(published, { maxLength: 2 }) }),
      { freq: 2 },
    ),
  }),
});

const aRollout = fc
  .record({
    name,
    namespace,
    strategy,
    status,
    generation: fc.constantFrom(1, 1, 2),
    uid: fc.constantFrom('', 'one', 'two'),
    // Of two that claim a host the older one has it.
    creationTimestamp: fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    replicas: fc.constantFrom<unknown>(1, 2, 4, 4, 'many'),
    // Null: a workloadRef, whose labels are those of its Pods.
    template: fc.constantFrom<object | null | undefined>(undefined, undefined, null),
  })
  .map(({ strategy, status, generation, uid, creationTimestamp, replicas, template, ...names }) =>
    rollout({
      ...names,
      ...strategy,
      status,
      metadata: { generation, uid, creationTimestamp },
      spec: { replicas, ...(template === null && { template }) },
    }),
  );

const PORTS = [
  [{ name: 'http', port: 80, targetPort: 8080 }],
  [{ name: 'http', port: 80, targetPort: 'http' }],
  [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 81, targetPort: 9090 },
  ],
  [{ port: 99_999 }],
];

const aService = fc
  .record({
    name: fc.constantFrom('web', 'web-canary', 'api'),
    namespace,
    ports: fc.constantFrom(...PORTS),
    selector: fc.constantFrom<Record<string, unknown>>(
      { app: 'web' },
      { app: 'api' },
      { tier: 'front', app: 'web' },
      {},
    ),
  })
  .map(({ name, ...parts }) => service(name, parts));

const anExperiment = fc
  .record({
    name: fc.constantFrom(...EXPERIMENTS),
    namespace,
    owner: fc.constantFrom('', ...NAMES),
    token: fc.constantFrom('', 'token', 'same'),
    phase: fc.constantFrom('Running', 'Running', 'Failed'),
    templates: fc.constantFrom(['one'], ['one', 'two'], ['two']),
    statuses: fc.option(fc.constantFrom([{ name: 'one', podTemplateHash: 'A', serviceName: 'exp-one' }]), {
      nil: undefined,
    }),
  })
  .map(({ name, owner, token, statuses, ...parts }) =>
    experiment(name, {
      ...parts,
      ...(statuses && { statuses }),
      metadata: {
        annotations: { 'headgate.dev/token': token },
        ownerReferences: owner === '' ? [] : [{ kind: 'Rollout', name: owner, controller: true }],
      },
    }),
  );

const REPLICA_SETS = [
  ...NAMES.flatMap((owner) => HASHES.map((hash) => ({ replicaSet: `${owner}-${hash}`, hash, owner }))),
  ...EXPERIMENTS.flatMap((name) =>
    ['one', 'two'].map((template) => ({ replicaSet: `${name}-${template}`, hash: 'A', owner: 'web' })),
  ),
];

const aPod = fc
  .record({
    replicaSet: fc.constantFrom(...REPLICA_SETS),
    namespace,
    n: fc.nat(2),
    ready: fc.boolean(),
    ip: fc.constantFrom(undefined, undefined, undefined, '', '10.9.9.9'),
    containers: fc.constantFrom(
      [container()],
      [container([{ name: 'http', containerPort: 8081 }])],
      [container([{ name: 'http', containerPort: 0 }])],
    ),
    labels: fc.constantFrom({}, { tier: 'front' }),
    orphaned: fc.integer({ min: 0, max: 5 }).map((value) => value === 0),
  })
  .map(({ replicaSet, orphaned, ip, ...parts }) =>
    pod({
      ...replicaSet,
      ...parts,
      ...(ip !== undefined && { ip }),
      metadata: { name: `${replicaSet.replicaSet}-${parts.n}`, ...(orphaned && { ownerReferences: [] }) },
    }),
  );

/** A Rollout, a Service, an Experiment or a Pod, of so few names and labels that they meet. */
export const anyObject = fc.oneof({ weight: 3, arbitrary: aRollout }, aService, anExperiment, {
  weight: 4,
  arbitrary: aPod,
});
