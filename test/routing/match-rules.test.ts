import t from 'tap';
import { load, rolloutRoute, rule, target } from './match-tables.ts';
import { request } from './requests.ts';

const STABLE = 'shop/talana/5d8c';
const CANARY = 'shop/talana/7f9b';
const BLUE = 'shop/ab/blue';
const GREEN = 'shop/ab/green';
const TO_CANARY = target('canary', [1]);
const TO_BLUE = target('blue', [2]);

t.test('without a header rule that matches, the weights decide', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-canary', { kind: 'exact', value: 'true' }, TO_CANARY)] }));
  t.same(decide(request('/')), {
    route: 'talana',
    chosen: STABLE,
    served: STABLE,
    rule: 'weight',
    from: '',
    reason: '',
    mayFallBack: true,
  });
});

t.test('the decision names the rule that made it', async (t) => {
  const { decide } = load(
    rolloutRoute({ rules: [rule('x-canary', { kind: 'exact', value: 'true' }, TO_CANARY, 'set-header-1')] }),
  );
  const { served, rule: decidedBy, from, reason } = decide(request('/', 'x-canary: true'));
  t.same({ served, decidedBy, from, reason }, { served: CANARY, decidedBy: 'set-header-1', from: '', reason: '' });
});

t.test('the first rule that matches wins', async (t) => {
  const first = rule('x-a', { kind: 'present' }, TO_CANARY, 'first');
  const second = rule('x-b', { kind: 'present' }, TO_BLUE, 'second');
  const { decide } = load(rolloutRoute({ rules: [first, second] }));
  t.equal(decide(request('/', 'x-b: 1', 'x-a: 1')).rule, 'first');
  t.equal(decide(request('/', 'x-b: 1')).rule, 'second');
  const turned = load(rolloutRoute({ rules: [second, first] }));
  t.equal(turned.decide(request('/', 'x-a: 1', 'x-b: 1')).rule, 'second');
});

t.test('exact compares the whole value', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-v', { kind: 'exact', value: 'true' }, TO_CANARY)] }));
  t.equal(decide(request('/', 'x-v: true')).served, CANARY);
  t.equal(decide(request('/', 'x-v:  true \t')).served, CANARY, 'whitespace around it is no part of the value');
  for (const value of ['true1', 'tru', 'xtrue', '', 'true, true']) {
    t.equal(decide(request('/', `x-v: ${value}`)).served, STABLE, JSON.stringify(value));
  }
});

t.test('exact with an empty value matches an empty field only', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-v', { kind: 'exact', value: '' }, TO_CANARY)] }));
  t.equal(decide(request('/', 'x-v:')).served, CANARY);
  t.equal(decide(request('/', 'x-v: a')).served, STABLE);
  t.equal(decide(request('/')).served, STABLE);
});

t.test('prefix compares the beginning of the value', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-v', { kind: 'prefix', value: 'beta-' }, TO_CANARY)] }));
  t.equal(decide(request('/', 'x-v: beta-')).served, CANARY);
  t.equal(decide(request('/', 'x-v: beta-2')).served, CANARY);
  t.equal(decide(request('/', 'x-v: beta')).served, STABLE);
  t.equal(decide(request('/', 'x-v: a beta-2')).served, STABLE);
});

t.test('a regular expression must match the whole value', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-v', { kind: 'regex', value: 'v[0-9]+|next' }, TO_CANARY)] }));
  for (const value of ['v1', 'v23', 'next']) t.equal(decide(request('/', `x-v: ${value}`)).served, CANARY, value);
  for (const value of ['v', 'xv1', 'v1x', 'next1', 'v1 next']) {
    t.equal(decide(request('/', `x-v: ${value}`)).served, STABLE, value);
  }
});

t.test('a regular expression that would backtrack elsewhere costs no time', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-v', { kind: 'regex', value: '(a+)+b' }, TO_CANARY)] }));
  const view = request('/', `x-v: ${'a'.repeat(8_000)}`);
  const began = process.cpuUsage();
  t.equal(decide(view).served, STABLE);
  const { user, system } = process.cpuUsage(began);
  t.ok(user + system < 1_000_000, `${user + system} microseconds`);
});

t.test('present takes any value, an empty one too', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-v', { kind: 'present' }, TO_CANARY)] }));
  t.equal(decide(request('/', 'x-v: anything')).served, CANARY);
  t.equal(decide(request('/', 'x-v:')).served, CANARY);
  t.equal(decide(request('/', 'x-vv: 1', 'x: v')).served, STABLE);
});

t.test('any of several fields of one name may match', async (t) => {
  for (const match of [
    { kind: 'exact', value: 'c' },
    { kind: 'prefix', value: 'c' },
    { kind: 'regex', value: '[c]' },
  ] as const) {
    const { decide } = load(rolloutRoute({ rules: [rule('x-v', match, TO_CANARY)] }));
    t.equal(decide(request('/', 'x-v: a', 'y: c', 'x-v: b', 'x-v: c')).served, CANARY, match.kind);
    t.equal(decide(request('/', 'x-v: a', 'y: c', 'x-v: b')).served, STABLE, match.kind);
  }
});

t.test('field names are case-insensitive and values are not', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-canary', { kind: 'exact', value: 'Yes' }, TO_CANARY)] }));
  t.equal(decide(request('/', 'X-CANARY: Yes')).served, CANARY);
  t.equal(decide(request('/', 'X-Canary: yes')).served, STABLE);
});

t.test('a rule may look at a field that the proxy reads itself', async (t) => {
  const { decide } = load(
    rolloutRoute({ rules: [rule('host', { kind: 'prefix', value: 'canary.' }, TO_CANARY, 'by host')] }),
  );
  t.equal(decide(request('/', 'Host: canary.example.com')).rule, 'by host');
});

t.test('a value of UTF-8 is compared byte by byte', async (t) => {
  const { decide } = load(rolloutRoute({ rules: [rule('x-name', { kind: 'exact', value: 'Zoë' }, TO_CANARY)] }));
  t.equal(decide(request('/', 'x-name: Zoë')).served, CANARY);
  t.equal(decide(request('/', 'x-name: Zoe')).served, STABLE);
});

const EXPERIMENTS = {
  header: 'aws-cf-cd-super-svp-9f8b7a6d',
  values: [
    ['123e4567-e89b-12d3-a456-42661417400', target('ab', [2])],
    ['green', target('ab', [3])],
  ],
} as const;

t.test('the experiment header leads to the experiment that its whole value names', async (t) => {
  const { decide } = load(rolloutRoute({ experiments: EXPERIMENTS }));
  const found = decide(request('/', 'AWS-CF-CD-Super-SVP-9f8b7a6d: 123e4567-e89b-12d3-a456-42661417400'));
  t.equal(found.served, BLUE);
  t.equal(found.rule, 'experiment:ab');
  t.equal(decide(request('/', `${EXPERIMENTS.header}: green`)).served, GREEN);
});

t.test('an experiment that nobody knows leaves the choice to the weights', async (t) => {
  const { decide } = load(rolloutRoute({ experiments: EXPERIMENTS }));
  for (const value of ['', 'Green', 'gree', 'greens', 'green,green', 'g'.repeat(10_000), 'toString', '__proto__']) {
    const { served, rule: decidedBy } = decide(request('/', `${EXPERIMENTS.header}: ${value}`));
    t.same([served, decidedBy], [STABLE, 'weight'], value.slice(0, 20));
  }
});

t.test('any of several experiment fields may name one', async (t) => {
  const { decide } = load(rolloutRoute({ experiments: EXPERIMENTS }));
  const { header } = EXPERIMENTS;
  t.equal(decide(request('/', `${header}: unknown`, `${header}: green`)).served, GREEN);
});

t.test('rules come before the experiment header', async (t) => {
  const { decide } = load(
    rolloutRoute({ rules: [rule('x-v', { kind: 'present' }, TO_CANARY)], experiments: EXPERIMENTS }),
  );
  t.equal(decide(request('/', `${EXPERIMENTS.header}: green`, 'x-v: 1')).served, CANARY);
});
