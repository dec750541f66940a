import fc from 'fast-check';
import t from 'tap';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { type Compiled, compile } from '../../src/routing/compile.ts';
import type { CompileMemory } from '../../src/routing/held-rollout.ts';
import type { Route, RoutingTable } from '../../src/routing/table.ts';
import { experiment, headerStep, pod, rollout, routeConfig, service, snapshotOf } from './builders.ts';

/* Whatever a Rollout, its status and its pods look like, these hold. */

const HASHES = ['A', 'B', 'C', ''];
const hash = fc.constantFrom(...HASHES);
const weight = fc.integer({ min: -20, max: 130 });
const published = fc.record({ weight, podTemplateHash: hash, serviceName: fc.constantFrom('', 'exp-one', 'exp-two') });

const step = fc.oneof(
  fc.record({ setWeight: weight }),
  fc.record({ pause: fc.constant({}) }),
  fc.record({ setCanaryScale: fc.record({ replicas: fc.option(fc.nat(4)), matchTrafficWeight: fc.boolean() }) }),
  fc.constantFrom(headerStep('h', 'x-h', { exact: '1' }), { setHeaderRoute: { name: 'h' } }),
);

const maximum = fc.constantFrom(null, 100, 1000, 7);
const trafficRouting = fc.option(
  fc.record({ alb: fc.option(fc.constant({ ingress: 'web' })), maxTrafficWeight: maximum }),
);

const status = fc.record({
  stableRS: hash,
  currentPodHash: hash,
  currentStepIndex: fc.option(fc.nat(6)),
  abort: fc.boolean(),
  promoteFull: fc.boolean(),
  canary: fc.record({
    weights: fc.option(
      fc.record({ canary: published, stable: published, additional: fc.array(published, { maxLength: 3 }) }),
    ),
  }),
});

const canary = fc.record({
  stableService: fc.constant('web'),
  trafficRouting,
  steps: fc.array(step, { maxLength: 6 }),
  dynamicStableScale: fc.boolean(),
  minPodsPerReplicaSet: fc.option(fc.nat(3)),
  replicaProgressThreshold: fc.option(
    fc.record({ type: fc.constantFrom('Percentage', 'Pod'), value: fc.integer({ min: 1, max: 100 }) }),
  ),
});

const counts = fc.record({ A: fc.nat(4), B: fc.nat(4), C: fc.nat(4), one: fc.nat(2), two: fc.nat(2) });

const world = fc
  .record({ canary, status, counts, replicas: fc.nat(6), phase: fc.constantFrom('Running', 'Failed') })
  .map(({ canary, status, counts, replicas, phase }) => {
    const owner = { ownerReferences: [{ kind: 'Rollout', name: 'web', controller: true }] };
    const pods = Object.entries(counts).flatMap(([name, count], kind) =>
      Array.from({ length: count }, (_, i) =>
        pod({ n: kind * 10 + i, hash: name, replicaSet: kind < 3 ? `web-${name}` : `exp-${name}` }),
      ),
    );
    return {
      maximum: canary.trafficRouting?.maxTrafficWeight ?? 100,
      objects: [
        rollout({ canary, status, spec: { replicas } }),
        experiment('exp', { phase, templates: ['one', 'two'], metadata: owner }),
        service('web'),
        ...pods,
      ],
    };
  });

const ROUTES = [
  routeConfig({
    rollout: { namespace: null, name: 'web' },
    headers: ['stable', 'canary'].map((to) => ({
      name: `x-${to}`,
      match: { kind: 'present' as const },
      to,
      fallback: true,
    })),
    experiments: { header: 'x-exp', tokens: { token: 'exp' } },
  }),
];

function routeOf(table: RoutingTable): Route {
  const [route] = table.routes;
  if (route === undefined) throw new Error('no route');
  return route;
}

t.test('weights are integers >= 0 with the maximum as their sum, or there are none', async () => {
  fc.assert(
    fc.property(world, ({ objects, maximum }) => {
      const { split } = routeOf(compile(snapshotOf(objects), { routes: ROUTES }, {}).table);
      const sum = split.reduce((total, share) => total + share.weight, 0);
      return (
        split.every((share) => Number.isInteger(share.weight) && share.weight >= 0) &&
        (split.length === 0 || sum === maximum)
      );
    }),
    { numRuns: 1000 },
  );
});

t.test('nothing without endpoints stays the only target while stable or canary has some', async () => {
  fc.assert(
    fc.property(world, ({ objects }) => {
      const { table, endpoints } = compile(snapshotOf(objects), { routes: ROUTES }, {});
      const { versions, split, rules, experiments } = routeOf(table);
      const usable = (index: number) => (endpoints[versions[index]?.key ?? '']?.length ?? 0) > 0;
      const main = versions.findIndex(({ role }, i) => (role === 'stable' || role === 'canary') && usable(i));
      if (main < 0) return true;
      const answered = (index: number) => usable(index) || (versions[index]?.fallback ?? []).some(usable);
      const targets = [
        split.filter((share) => share.weight > 0).map(({ version }) => version),
        ...rules.map(({ target }) => target.versions),
        ...(experiments?.values ?? []).map(([, target]) => target.versions),
      ];
      // A version on its way out stands in for nobody: only what the Rollout names counts.
      const named = versions.some(({ role, name }, i) => usable(i) && role !== 'experiment' && isNamed(objects, name));
      return !named || targets.every((target) => target.some(answered));
    }),
    { numRuns: 1000 },
  );
});

/** Whether the Rollout's status says stableRS or currentPodHash of this hash. */
function isNamed(objects: readonly object[], hash: string): boolean {
  const rollout = snapshotOf(objects.slice(0, 1)).rollouts[0];
  return rollout?.status.stableRS === hash || rollout?.status.currentPodHash === hash;
}

t.test('every index points into the list of versions, and no version stands in for itself', async () => {
  fc.assert(
    fc.property(world, ({ objects }) => {
      const { versions, split, rules, experiments } = routeOf(
        compile(snapshotOf(objects), { routes: ROUTES }, {}).table,
      );
      const indexes = [
        ...split.map(({ version }) => version),
        ...rules.flatMap(({ target }) => target.versions),
        ...(experiments?.values ?? []).flatMap(([, target]) => target.versions),
        ...versions.flatMap(({ fallback }) => fallback),
      ];
      const keys = new Set(versions.map(({ key }) => key));
      return (
        keys.size === versions.length &&
        indexes.every((index) => index >= 0 && index < versions.length) &&
        versions.every(({ fallback }, own) => !fallback.includes(own))
      );
    }),
    { numRuns: 500 },
  );
});

t.test('the order of objects does not matter', async (t) => {
  const shuffled = world.chain(({ objects }) =>
    fc.tuple(fc.constant(objects), fc.shuffledSubarray([...objects], { minLength: objects.length })),
  );
  fc.assert(
    fc.property(shuffled, ([objects, others]) => {
      for (const routes of [null, ROUTES]) {
        const expected = result(compile(snapshotOf(objects), { routes }, {}));
        if (!t.same(result(compile(snapshotOf(others), { routes }, {})), expected)) return false;
      }
      return true;
    }),
    { numRuns: 50 },
  );
});

function result({
  table,
  endpoints,
  problems,
  memory,
  reasons,
}: Compiled): Omit<Compiled, 'cache' | 'changedEndpoints'> {
  return { table, endpoints, problems, memory, reasons };
}

t.test('the order of events does not matter to the table in the end, with the memory of all before', async (t) => {
  const settled = world.map(({ objects }) => objects).filter(([web]) => !remembers(web ?? {}));
  const shuffled = settled.chain((objects) =>
    fc.tuple(fc.constant(objects), fc.shuffledSubarray([...objects], { minLength: objects.length })),
  );
  fc.assert(
    fc.property(shuffled, ([objects, others]) => {
      const store = new SnapshotStore();
      let memory: CompileMemory = {};
      let compiled = compile(store.snapshot(), { routes: ROUTES }, memory);
      for (const object of others) {
        store.apply('ADDED', object);
        compiled = compile(store.snapshot(), { routes: ROUTES }, memory);
        memory = compiled.memory;
      }
      const { table, endpoints } = compile(snapshotOf(objects), { routes: ROUTES }, {});
      return t.same(compiled.table, table) && t.same(compiled.endpoints, endpoints);
    }),
    { numRuns: 50 },
  );
});

/** promoteFull, and the way back after an abort without a provider, go on from the weight before: that is their point. */
function remembers(object: object): boolean {
  const web = snapshotOf([object]).rollouts[0];
  const strategy = web?.spec.strategy;
  const scalesBlindly = strategy?.kind === 'canary' && strategy.dynamicStableScale;
  if (web === undefined) return false;
  return web.status.promoteFull || (web.status.abort && scalesBlindly);
}
