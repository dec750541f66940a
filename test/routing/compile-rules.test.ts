import t from 'tap';
import { headerStep, rollout, routeConfig } from './builders.ts';
import { CANARY, firstTarget, MIDWAY, only, rule, run, SERVICES, toCanary, WEB } from './compiling.ts';

t.test('a rule to the canary leads there while there is one', async (t) => {
  t.same(firstTarget(toCanary(MIDWAY)), { asked: 'canary', versions: ['canary C'], reason: null, fallback: true });
});

t.test('a rule to the canary leads to stable after an abort, and says so', async (t) => {
  const target = firstTarget(toCanary({ ...MIDWAY, abort: true }));
  t.same(target, { asked: 'canary', versions: ['stable S'], reason: 'aborted', fallback: true });
});

t.test('a rule to the canary leads to stable when there is none', async (t) => {
  const target = firstTarget(toCanary({ stableRS: 'S', currentPodHash: 'S' }));
  t.same(target, { asked: 'canary', versions: ['stable S'], reason: 'absent', fallback: true });
});

t.test('a rule with fallback none leads nowhere when what it names is not there', async (t) => {
  const target = firstTarget(toCanary({ stableRS: 'S', currentPodHash: 'S' }, false));
  t.same(target, { asked: 'canary', versions: [], reason: 'absent', fallback: false });
  t.match(firstTarget(toCanary(MIDWAY, false)), { versions: ['canary C'], fallback: false });
});

t.test('rules of the route come before those of the steps', async (t) => {
  const steps = [headerStep('h', 'x-step', { exact: '1' })];
  const route = toCanary(MIDWAY, true, { ...CANARY, steps });
  t.same(
    route.rules.map(({ origin, label, header }) => [origin, label, header]),
    [
      ['route', 'header:x-v', 'x-v'],
      ['step', 'h', 'x-step'],
    ],
  );
});

t.test('a rule to a role of the other strategy is a problem and is answered by production', async (t) => {
  const { table, problems } = run(
    [rollout({ canary: CANARY, status: MIDWAY }), ...SERVICES],
    [routeConfig({ rollout: WEB, headers: [rule('preview')] })],
  );
  t.match(firstTarget(only(table.routes)), { asked: 'preview', versions: ['stable S'], reason: 'absent' });
  t.match(problems, [{ message: /leads to preview, but Rollout shop\/web is canary: it has stable and canary/ }]);
});

t.test('a rule with an invalid regex is left out alone', async (t) => {
  const regex = { name: 'x-r', match: { kind: 'regex' as const, value: '(?=a)' }, to: 'canary', fallback: true };
  const { table, problems } = run(
    [rollout({ canary: CANARY, status: MIDWAY }), ...SERVICES],
    [routeConfig({ rollout: WEB, headers: [regex, rule('canary')] })],
  );
  t.same(
    only(table.routes).rules.map(({ header }) => header),
    ['x-v'],
  );
  t.match(problems, [{ place: 'headgate.yaml:1 routes[0]', message: /header x-r: invalid regex/ }]);
});
