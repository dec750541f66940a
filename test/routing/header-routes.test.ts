import t from 'tap';
import { parseRollout } from '../../src/model/rollout.ts';
import { headerRoutes } from '../../src/routing/header-routes.ts';
import { headerStep, rollout } from './builders.ts';

const A = headerStep('a', 'X-A', { exact: 'true' });
const B = headerStep('b', 'x-b', { prefix: 'v' });
const MANAGED = { managedRoutes: [{ name: 'a' }, { name: 'b' }] };

function replay(steps: readonly object[], status: object = {}, trafficRouting: object | null = MANAGED) {
  const parsed = parseRollout(
    rollout({
      canary: { steps, trafficRouting },
      status: { stableRS: 'S', currentPodHash: 'C', currentStepIndex: steps.length - 1, ...status },
    }),
  );
  if (!parsed.ok || parsed.value.spec.strategy.kind !== 'canary') throw new Error('not a canary Rollout');
  return headerRoutes(parsed.value, parsed.value.spec.strategy);
}

const names = (...args: Parameters<typeof replay>) => replay(...args).rules.map(({ route }) => route);

t.test('a header route is in force from its own step on', async (t) => {
  t.same(names([{ pause: {} }, A, { pause: {} }], { currentStepIndex: 0 }), []);
  t.same(names([{ pause: {} }, A, { pause: {} }], { currentStepIndex: 1 }), ['a']);
  t.same(names([{ pause: {} }, A, { pause: {} }], { currentStepIndex: 2 }), ['a']);
});

t.test('a header route that is the first step is in force, which the provider would lose', async (t) => {
  t.same(names([A, { setWeight: 5 }], { currentStepIndex: 0 }), ['a']);
});

t.test('header names are compared in lower case, values as written', async (t) => {
  t.same(replay([headerStep('a', 'X-A', { exact: 'True' })]).rules, [
    { route: 'a', header: 'x-a', match: { kind: 'exact', value: 'True' } },
  ]);
});

t.test('the last step of a name wins', async (t) => {
  const { rules } = replay([A, headerStep('a', 'x-other', { exact: '1' })]);
  t.same(
    rules.map(({ header }) => header),
    ['x-other'],
  );
});

t.test('a step without match removes the route of its name', async (t) => {
  t.same(names([A, B, { setHeaderRoute: { name: 'a' } }]), ['b']);
  t.same(names([A, { setHeaderRoute: { name: 'a', match: null } }]), []);
  t.same(names([A, { setHeaderRoute: { name: 'a', match: [] } }]), []);
});

t.test('managedRoutes gives the order of precedence, and unlisted routes come after it', async (t) => {
  const other = headerStep('other', 'x-o', { exact: '1' });
  t.same(names([other, B, A]), ['a', 'b', 'other']);
  t.same(names([B, A], {}, {}), ['b', 'a']);
});

t.test('several matches of a route are alternatives', async (t) => {
  const match = [
    { headerName: 'x-a', headerValue: { exact: '1' } },
    { headerName: 'x-b', headerValue: { regex: '[a-z]+' } },
  ];
  t.same(replay([{ setHeaderRoute: { name: 'a', match } }]).rules, [
    { route: 'a', header: 'x-a', match: { kind: 'exact', value: '1' } },
    { route: 'a', header: 'x-b', match: { kind: 'regex', value: '[a-z]+' } },
  ]);
});

t.test('header routes are gone once the Rollout is aborted, promoted in full or fully promoted', async (t) => {
  t.same(names([A], { abort: true }), []);
  t.same(names([A], { promoteFull: true }), []);
  t.same(names([A], { currentPodHash: 'S' }), []);
});

t.test('header routes stay after the last step until the promotion', async (t) => {
  t.same(names([A, { setWeight: 50 }], { currentStepIndex: 2 }), ['a']);
});

t.test('the first deployment has no header routes', async (t) => {
  t.same(names([A], { stableRS: '' }), []);
});

t.test('an invalid regex is a problem that names Rollout and step, and only that match is left out', async (t) => {
  const match = [
    { headerName: 'x-a', headerValue: { regex: '(?!no)' } },
    { headerName: 'x-b', headerValue: { exact: '1' } },
  ];
  const { rules, problems } = replay([{ pause: {} }, { setHeaderRoute: { name: 'a', match } }]);
  t.same(
    rules.map(({ header }) => header),
    ['x-b'],
  );
  t.equal(problems[0]?.place, 'Rollout shop/web');
  t.match(problems[0]?.message, /steps\[1\]\.setHeaderRoute a, match\[0\]: invalid regex "\(\?!no\)"/);
  t.equal(problems.length, 1);
});

t.test('a match without a value or with an impossible header name is a problem', async (t) => {
  const { rules, problems } = replay([headerStep('a', 'x-a', {}), headerStep('b', 'x a', { exact: '1' })]);
  t.same(rules, []);
  t.match(problems[0]?.message, /header x-a has no value/);
  t.match(problems[1]?.message, /"x a" is not a header name/);
});
