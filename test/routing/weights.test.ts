import t from 'tap';
import { parseRollout } from '../../src/model/rollout.ts';
import { canarySplit, type LastWeight } from '../../src/routing/weights.ts';
import { rollout } from './builders.ts';

/* S is the stable hash, C the canary's. Expected splits are written `S 90, C 10`. */

interface Case {
  canary?: Readonly<Record<string, unknown>>;
  status?: Readonly<Record<string, unknown>>;
  replicas?: number;
  ready?: Readonly<Record<string, number>>;
  last?: LastWeight | null;
}

const STEPS = [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: null }, { setWeight: 75 }];

function evaluate({ canary = {}, status = {}, replicas = 4, ready = {}, last = null }: Case) {
  const object = rollout({
    canary: { trafficRouting: {}, steps: STEPS, ...canary },
    status: { stableRS: 'S', currentPodHash: 'C', ...status },
    spec: { replicas },
  });
  const parsed = parseRollout(object);
  if (!parsed.ok || parsed.value.spec.strategy.kind !== 'canary') throw new Error('not a canary Rollout');
  const pods = { S: replicas, C: 1, ...ready };
  return canarySplit({
    rollout: parsed.value,
    strategy: parsed.value.spec.strategy,
    ready: (hash) => (hash === 'S' ? pods.S : hash === 'C' ? pods.C : 0),
    last,
  });
}

function split(input: Case): string {
  return evaluate(input)
    .shares.map(({ hash, weight }) => `${hash} ${weight}`)
    .join(', ');
}

const published = (canary: object, stable: object, additional?: readonly object[]) => ({
  canary: { weights: { canary, stable, additional } },
});

function threshold(type: string, value: number) {
  return { replicaProgressThreshold: { type, value } };
}

t.test('without stable and current hash nothing gets traffic', async (t) => {
  t.equal(split({ status: { stableRS: '', currentPodHash: null } }), '');
});

t.test('the first deployment takes everything before any pod is ready', async (t) => {
  const { shares } = evaluate({ status: { stableRS: '' }, ready: { C: 0 } });
  t.same(shares, [{ role: 'stable', hash: 'C', service: '', weight: 100 }]);
});

t.test('a fully promoted Rollout is all stable', async (t) => {
  t.equal(split({ status: { currentPodHash: 'S', currentStepIndex: 5 } }), 'S 100');
});

t.test('the weight is that of the last setWeight at or before the current step', async (t) => {
  t.equal(split({ status: { currentStepIndex: 0 } }), 'S 90, C 10');
  t.equal(split({ status: { currentStepIndex: 1 } }), 'S 90, C 10');
  t.equal(split({ status: { currentStepIndex: 3 }, ready: { C: 2 } }), 'S 50, C 50');
});

t.test('a missing step index means the first step', async (t) => {
  t.equal(split({ status: { currentStepIndex: null } }), 'S 90, C 10');
});

t.test('before the first setWeight the canary gets nothing', async (t) => {
  t.equal(split({ canary: { steps: [{ pause: {} }, { setWeight: 20 }] } }), 'S 100, C 0');
});

t.test('without steps the canary gets nothing until it is promoted', async (t) => {
  t.equal(split({ canary: { steps: null }, ready: { C: 4 } }), 'S 100, C 0');
});

t.test('after the last step everything goes to a canary that has all its pods', async (t) => {
  t.equal(split({ status: { currentStepIndex: 5 }, ready: { C: 4 } }), 'S 0, C 100');
});

t.test('a canary without a ready pod gets nothing', async (t) => {
  t.equal(split({ status: { currentStepIndex: 3 }, ready: { C: 0 } }), 'S 100, C 0');
});

t.test('a step that waits for pods keeps the weight of the step before', async (t) => {
  t.equal(split({ status: { currentStepIndex: 2 }, ready: { C: 1 } }), 'S 90, C 10');
  t.equal(split({ status: { currentStepIndex: 4 }, ready: { C: 2 } }), 'S 50, C 50');
});

t.test('pods lost during a pause do not change its weight', async (t) => {
  t.equal(split({ status: { currentStepIndex: 3 }, ready: { C: 1 } }), 'S 50, C 50');
});

t.test('the last step waits for all pods as the others do', async (t) => {
  const last = { hash: 'C', weight: 75 };
  t.equal(split({ status: { currentStepIndex: 5 }, ready: { C: 3 }, last }), 'S 25, C 75');
});

t.test('a rollback that jumps to the end gets no more than its few pods can carry', async (t) => {
  t.equal(split({ status: { currentStepIndex: 5 }, ready: { C: 1 } }), 'S 75, C 25');
});

t.test('an abort sends everything to stable', async (t) => {
  t.equal(split({ status: { abort: true, currentStepIndex: 3 }, ready: { C: 2 } }), 'S 100, C 0');
});

t.test('an abort sends everything to stable also where trafficRouting is absent', async (t) => {
  const input = { canary: { trafficRouting: null }, status: { abort: true, currentStepIndex: 3 } };
  t.equal(split({ ...input, ready: { S: 2, C: 2 } }), 'S 100, C 0');
});

t.test('promoteFull holds the weight applied last until all pods are ready', async (t) => {
  const status = { promoteFull: true, currentStepIndex: 5 };
  const last = { hash: 'C', weight: 10 };
  t.equal(split({ status, ready: { C: 3 }, last }), 'S 90, C 10');
  t.equal(split({ status, ready: { C: 4 }, last }), 'S 0, C 100');
});

t.test('promoteFull is guarded also before the controller has moved the index', async (t) => {
  t.equal(split({ status: { promoteFull: true, currentStepIndex: 1 }, last: { hash: 'C', weight: 10 } }), 'S 90, C 10');
});

t.test('promoteFull holds 0 when nothing was applied to this canary', async (t) => {
  const status = { promoteFull: true, currentStepIndex: 5 };
  t.equal(split({ status, last: { hash: 'older', weight: 50 } }), 'S 100, C 0');
  t.equal(split({ status, last: null }), 'S 100, C 0');
});

t.test('setCanaryScale with replicas says how many pods a weight needs', async (t) => {
  const canary = { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }] };
  t.equal(split({ canary, status: { currentStepIndex: 1 }, ready: { C: 1 } }), 'S 50, C 50');
});

t.test('setCanaryScale with a weight says how many pods a weight needs', async (t) => {
  const canary = { steps: [{ setCanaryScale: { weight: 60 } }, { setWeight: 10 }] };
  t.equal(split({ canary, status: { currentStepIndex: 1 }, ready: { C: 2 } }), 'S 100, C 0');
  t.equal(split({ canary, status: { currentStepIndex: 1 }, ready: { C: 3 } }), 'S 90, C 10');
});

t.test('setCanaryScale with matchTrafficWeight ends an earlier one', async (t) => {
  const steps = [
    { setCanaryScale: { replicas: 1 } },
    { setCanaryScale: { matchTrafficWeight: true } },
    { setWeight: 50 },
  ];
  t.equal(split({ canary: { steps }, status: { currentStepIndex: 2 }, ready: { C: 1 } }), 'S 100, C 0');
});

t.test('setCanaryScale means nothing without trafficRouting', async (t) => {
  const canary = { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }], trafficRouting: null };
  t.equal(split({ canary, status: { currentStepIndex: 1 }, ready: { C: 1 } }), 'S 100, C 0');
});

t.test('minPodsPerReplicaSet raises the pods that a weight needs', async (t) => {
  const canary = { minPodsPerReplicaSet: 2 };
  t.equal(split({ canary, ready: { C: 1 } }), 'S 100, C 0');
  t.equal(split({ canary, ready: { C: 2 } }), 'S 90, C 10');
});

t.test('replicaProgressThreshold relaxes the pods that a weight needs, by percentage or number', async (t) => {
  const status = { currentStepIndex: 4 };
  t.equal(split({ canary: threshold('Percentage', 60), status, ready: { C: 1 } }), 'S 50, C 50');
  t.equal(split({ canary: threshold('Percentage', 60), status, ready: { C: 2 } }), 'S 25, C 75');
  t.equal(split({ canary: threshold('Pod', 1), status, ready: { C: 1 } }), 'S 25, C 75');
});

t.test('weights are out of maxTrafficWeight', async (t) => {
  const canary = { steps: [{ setWeight: 1 }], trafficRouting: { maxTrafficWeight: 1000 } };
  t.equal(split({ canary }), 'S 999, C 1');
});

t.test('a weight beyond the maximum counts as the maximum', async (t) => {
  t.equal(split({ canary: { steps: [{ setWeight: 150 }] }, ready: { C: 6 } }), 'S 0, C 100');
});

t.test('published weights go by hash, which pingPong has without Service names', async (t) => {
  const status = published({ weight: 30, podTemplateHash: 'C' }, { weight: 70, podTemplateHash: 'S' });
  t.equal(split({ canary: { pingPong: { pingService: 'a', pongService: 'b' } }, status }), 'S 70, C 30');
});

t.test('published weights win over the steps, the abort and the number of pods', async (t) => {
  const weights = published({ weight: 25, podTemplateHash: 'C' }, { weight: 75, podTemplateHash: 'S' });
  t.equal(split({ status: { ...weights, abort: true, currentStepIndex: 0 }, ready: { C: 0 } }), 'S 75, C 25');
});

t.test('published weights of one hash are merged', async (t) => {
  const status = published({ weight: 0, podTemplateHash: 'S' }, { weight: 100, podTemplateHash: 'S' });
  t.equal(split({ status: { ...status, currentPodHash: 'S' } }), 'S 100');
});

t.test('at the end of a rollout the new version is stable although it stands under canary', async (t) => {
  const status = published({ weight: 100, podTemplateHash: 'N' }, { weight: 0, podTemplateHash: 'S' });
  const { shares } = evaluate({ status: { ...status, stableRS: 'N', currentPodHash: 'N' } });
  t.same(shares, [{ role: 'stable', hash: 'N', service: '', weight: 100 }]);
});

t.test('weights published for an earlier canary still count while it has some', async (t) => {
  const status = published({ weight: 20, podTemplateHash: 'B' }, { weight: 80, podTemplateHash: 'S' });
  t.equal(split({ status }), 'S 80, C 0, B 20');
});

t.test('published experiment weights come out of the share of stable', async (t) => {
  const status = published({ weight: 20, podTemplateHash: 'C' }, { weight: 70, podTemplateHash: 'S' }, [
    { weight: 5, podTemplateHash: 'E1', serviceName: 'x-a' },
    { weight: 5, podTemplateHash: 'E2', serviceName: 'x-b' },
  ]);
  t.equal(split({ status }), 'S 70, C 20, E1 5, E2 5');
});

t.test(
  'additional entries with neither Service nor hash keep their weight: their place tells whose they are',
  async (t) => {
    const status = published({ weight: 20, podTemplateHash: 'C' }, { weight: 70, podTemplateHash: 'S' }, [
      { weight: 10, podTemplateHash: '', serviceName: '' },
    ]);
    t.equal(split({ status }), 'S 70, C 20,  10');
  },
);

t.test('a negative published weight counts as 0, and the sum stays the maximum', async (t) => {
  const status = published({ weight: 95, podTemplateHash: 'C' }, { weight: -5, podTemplateHash: 'S' }, [
    { weight: 10, podTemplateHash: 'E', serviceName: 'x-a' },
  ]);
  t.equal(split({ status }), 'S 0, C 90, E 10');
});

t.test('published weights that are all 0 leave everything to stable', async (t) => {
  t.equal(split({ status: published({ weight: 0, podTemplateHash: 'C' }, { podTemplateHash: 'S' }) }), 'S 100, C 0');
});

t.test('without trafficRouting no canary pod gets more than an even share while pods are scaling', async (t) => {
  const input = { canary: { trafficRouting: null }, status: { currentStepIndex: 2 } };
  t.equal(split({ ...input, ready: { S: 3, C: 2 } }), 'S 60, C 40');
  t.equal(split({ ...input, ready: { S: 2, C: 2 } }), 'S 50, C 50');
});

t.test(
  'without trafficRouting rounding up of pods does not change the weight once they are as the step wants',
  async (t) => {
    const canary = { trafficRouting: null, steps: [{ setWeight: 95 }, { pause: {} }] };
    t.equal(split({ canary, replicas: 10, ready: { S: 1, C: 10 } }), 'S 5, C 95');
  },
);

t.test('without trafficRouting a stable that shrinks too early hands over what it cannot carry', async (t) => {
  const canary = { trafficRouting: null };
  t.equal(split({ canary, status: { currentStepIndex: 4 }, ready: { S: 1, C: 2 } }), 'S 34, C 66');
  const status = { promoteFull: true, currentStepIndex: 5 };
  t.equal(split({ canary, status, ready: { S: 0, C: 3 }, last: { hash: 'C', weight: 10 } }), 'S 0, C 100');
});

t.test('weights that go by the pods give the same reason when they are computed again', async (t) => {
  const status = { promoteFull: true, currentStepIndex: 5 };
  for (const ready of [
    { S: 0, C: 3 },
    { S: 2, C: 1 },
    { S: 1, C: 2 },
  ]) {
    const reason = (weight: number) =>
      evaluate({ canary: { trafficRouting: null }, status, ready, last: { hash: 'C', weight } }).reason;
    const again = ready.S === 0 ? 100 : Math.floor((100 * ready.C) / (ready.C + ready.S));
    if (ready.S > 0) t.match(reason(90), /by ready pods/);
    t.equal(reason(again), reason(90));
  }
});

t.test('without trafficRouting and steps a rolling update follows the pods', async (t) => {
  const canary = { trafficRouting: null, steps: [] };
  t.equal(split({ canary, ready: { S: 4, C: 1 } }), 'S 100, C 0');
  t.equal(split({ canary, ready: { S: 2, C: 2 } }), 'S 50, C 50');
  t.equal(split({ canary, ready: { S: 0, C: 4 } }), 'S 0, C 100');
});

t.test('dynamicStableScale without a provider is a problem, and shares follow the ready pods', async (t) => {
  const canary = { dynamicStableScale: true };
  const { problems } = evaluate({ canary });
  t.equal(problems.length, 1);
  t.match(problems[0]?.message, /dynamicStableScale/);
  t.match(problems[0]?.remedy, /remove/);
  t.equal(split({ canary, status: { currentStepIndex: 2 }, ready: { S: 3, C: 2 } }), 'S 60, C 40');
});

t.test(
  'dynamicStableScale without a provider gives stable back only what its pods can carry after an abort',
  async (t) => {
    const input = { canary: { dynamicStableScale: true }, status: { abort: true }, last: { hash: 'C', weight: 75 } };
    t.equal(split({ ...input, ready: { S: 1, C: 3 } }), 'S 25, C 75');
    t.equal(split({ ...input, ready: { S: 3, C: 3 } }), 'S 75, C 25');
    t.equal(split({ ...input, ready: { S: 4, C: 3 } }), 'S 100, C 0');
  },
);

t.test('dynamicStableScale with a provider is no problem', async (t) => {
  const { problems } = evaluate({ canary: { dynamicStableScale: true, trafficRouting: { alb: { ingress: 'web' } } } });
  t.same(problems, []);
});
