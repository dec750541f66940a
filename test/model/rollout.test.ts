import t from 'tap';
import { parseRollout } from '../../src/model/rollout.ts';
import { rollout } from '../routing/builders.ts';

const API = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };
const minimal = (fields: object = {}) => ({
  ...API,
  metadata: { name: 'web', namespace: 'shop' },
  spec: { strategy: { canary: {} } },
  ...fields,
});

function parse(object: unknown) {
  const parsed = parseRollout(object);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.value;
}

/** `place: message` of each mistake; empty for a Rollout that is understood. */
function mistakesOf(object: unknown): string {
  const parsed = parseRollout(object);
  return parsed.ok ? '' : parsed.problems.map(({ place, message }) => `${place}: ${message}`).join('\n');
}

function routing(trafficRouting: unknown) {
  const { strategy } = parse(minimal({ spec: { strategy: { canary: { trafficRouting } } } })).spec;
  return strategy.kind === 'canary' ? strategy.trafficRouting : undefined;
}

t.test('a Rollout without status, replicas and template is understood', async (t) => {
  const { spec, status, generation } = parse(minimal());
  t.equal(spec.replicas, 1);
  t.equal(spec.templateLabels, null);
  t.equal(generation, null);
  t.equal(status.stableRS, '');
  t.equal(status.weights, null);
});

t.test('null means not set, wherever the API server or YAML leaves one', async (t) => {
  const canary = { steps: null, trafficRouting: null, canaryService: null, pingPong: null, dynamicStableScale: null };
  const status = { stableRS: null, canary: null, blueGreen: null, abort: null, currentStepIndex: null };
  const value = parse(
    minimal({ spec: { replicas: null, template: null, strategy: { canary, blueGreen: null } }, status }),
  );
  t.match(value.spec.strategy, { kind: 'canary', steps: [], trafficRouting: null, canaryService: '' });
  t.match(value.status, { stableRS: '', abort: false, currentStepIndex: null });
});

t.test('absent trafficRouting, an empty one and one with a provider are told apart', async (t) => {
  t.equal(routing(undefined), null);
  t.same(routing({}), { providers: [], managedRoutes: [], maxTrafficWeight: null });
  t.same(routing({ smi: {}, alb: { ingress: 'x' }, managedRoutes: [{ name: 'a' }], maxTrafficWeight: 1000 }), {
    providers: ['alb', 'smi'],
    managedRoutes: ['a'],
    maxTrafficWeight: 1000,
  });
  t.same(routing({ plugins: {}, istio: null }), { providers: [], managedRoutes: [], maxTrafficWeight: null });
});

t.test('every kind of step is read, with nulls beside it', async (t) => {
  const steps = [
    { setWeight: 5, pause: null },
    { pause: {} },
    { setCanaryScale: { replicas: 1 } },
    { setHeaderRoute: { name: 'h', match: [{ headerName: 'x', headerValue: { prefix: 'a' } }] } },
    { setHeaderRoute: { name: 'h' } },
    { setMirrorRoute: { name: 'm', match: [{ method: { exact: 'GET' } }], percentage: 50 } },
    { experiment: { templates: [{ name: 'e', specRef: 'canary', weight: 5 }] } },
    { analysis: { templates: [] } },
    { plugin: { name: 'p' } },
  ];
  const { strategy } = parse(rollout({ canary: { steps } })).spec;
  t.same(strategy.kind === 'canary' ? strategy.steps : null, [
    { kind: 'setWeight', weight: 5 },
    { kind: 'other' },
    { kind: 'setCanaryScale', replicas: 1, weight: null, matchTrafficWeight: false },
    { kind: 'setHeaderRoute', name: 'h', match: [{ header: 'x', value: { kind: 'prefix', value: 'a' } }] },
    { kind: 'setHeaderRoute', name: 'h', match: null },
    { kind: 'other' },
    { kind: 'other' },
    { kind: 'other' },
    { kind: 'other' },
  ]);
});

t.test('a workloadRef Rollout has no template, and that is fine', async (t) => {
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const { spec } = parse(minimal({ spec: { workloadRef, strategy: { canary: {} } } }));
  t.equal(spec.templateLabels, null);
  t.same(spec.templatePorts, []);
});

t.test('a mistake is reported with kind, namespace, name and path, all of them at once', async (t) => {
  const broken = minimal({ spec: { replicas: 'four', strategy: { canary: { steps: [{ setWeight: 'x' }] } } } });
  t.match(mistakesOf(broken).split('\n'), [
    /^Rollout shop\/web: spec\.replicas must be a whole number, not "four"$/,
    /^Rollout shop\/web: spec\.strategy\.canary\.steps\[0\]\.setWeight must be a whole number, not "x"$/,
  ]);
});

t.test('a Rollout needs exactly one strategy', async (t) => {
  t.match(mistakesOf(minimal({ spec: { strategy: {} } })), /spec\.strategy has neither canary nor blueGreen/);
  t.match(mistakesOf(minimal({ spec: { strategy: { canary: {}, blueGreen: {} } } })), /has both canary and blueGreen/);
  t.match(mistakesOf(minimal({ spec: {} })), /spec\.strategy is missing/);
});

t.test('what is not an object is refused, not thrown at', async (t) => {
  for (const object of [null, undefined, 7, 'Rollout', [], {}]) t.match(mistakesOf(object), /^Rollout .*\?: /);
});

t.test('the result is frozen to the bottom and shares nothing with the input', async (t) => {
  const input = rollout({ canary: { steps: [{ setWeight: 5 }] }, status: { stableRS: 'S' } });
  const before = structuredClone(input);
  const { spec, status } = parse(input);
  t.ok(Object.isFrozen(spec) && Object.isFrozen(status) && Object.isFrozen(spec.strategy));
  t.ok(spec.strategy.kind === 'canary' && Object.isFrozen(spec.strategy.steps[0]));
  t.notOk(Object.isFrozen(input));
  t.same(input, before);
});

t.test('observedGeneration is a string, but a number is understood', async (t) => {
  t.equal(parse(rollout({ status: { observedGeneration: 3 } })).status.observedGeneration, '3');
});
