import t from 'tap';
import { answeredBy } from './answered-by.ts';
import type { Table } from './headgate-deployment.ts';

const version = (name: string, weight: number, endpoints: readonly string[], fallback: readonly string[] = []) => ({
  key: `shop/${name}`,
  name,
  role: 'canary',
  weight,
  endpoints,
  fallback,
});
const to = (...names: readonly string[]) => ({
  versions: names.map((name) => `shop/${name}`),
  reason: null,
  fallback: true,
});
const rule = (header: string, match: object, target: object = to('new')) => ({
  origin: 'route',
  header,
  match,
  ...target,
});

/** A route as `/api/table` has it. */
function table(overrides: object = {}): Table {
  const route = {
    name: 'shop',
    hosts: ['shop', '*.shop.test'],
    path: '/',
    versions: [version('old', 100, ['10.0.0.1:80']), version('new', 0, ['10.0.0.2:80'], ['shop/old'])],
    rules: [rule('x-canary', { kind: 'exact', value: 'true' })],
    experiments: null,
    ...overrides,
  };
  return { generation: 1, workers: [], routes: [route], problems: [] };
}

const ask = (view: Table, headers: Readonly<Record<string, string>> = {}, host = 'shop') =>
  answeredBy(view, { name: 'plain', rate: 1, host, headers }).versions;

t.test('the host decides on the route: by name, without its port, and below a suffix', async (t) => {
  t.same(ask(table(), {}, 'Shop:8080'), ['old']);
  t.same(ask(table(), {}, 'a.b.shop.test'), ['old']);
  t.equal(answeredBy(table(), { name: 'plain', rate: 1, host: 'cart' }).route, null);
  t.same(ask(table({ hosts: [] }), {}, 'cart'), ['old']);
});

t.test('without a header that a rule names, every version with a weight may answer', async (t) => {
  t.same(ask(table()), ['old']);
  t.same(ask(table(), { 'x-canary': 'false' }), ['old']);
  const versions = [version('old', 90, ['10.0.0.1:80']), version('new', 10, ['10.0.0.2:80'])];
  t.same(ask(table({ versions })), ['old', 'new']);
});

t.test('a rule takes what it matches, whatever the weights', async (t) => {
  t.same(ask(table(), { 'X-Canary': 'true' }), ['new']);
  t.same(ask(table({ rules: [rule('x-user', { kind: 'prefix', value: 'test-' })] }), { 'x-user': 'test-1' }), ['new']);
  t.same(ask(table({ rules: [rule('x-user', { kind: 'present' })] }), { 'x-user': '' }), ['new']);
  const regex = table({ rules: [rule('x-user', { kind: 'regex', value: 'a|b' })] });
  t.same(ask(regex, { 'x-user': 'b' }), ['new']);
  t.same(ask(regex, { 'x-user': 'bb' }), ['old'], 'the whole value');
});

t.test('a version without a Pod is answered for by its fallback, unless the rule forbids it', async (t) => {
  const versions = [version('old', 100, ['10.0.0.1:80']), version('new', 0, [], ['shop/old'])];
  t.same(ask(table({ versions }), { 'x-canary': 'true' }), ['old']);
  const strict = [rule('x-canary', { kind: 'present' }, { ...to('new'), fallback: false })];
  t.same(ask(table({ versions, rules: strict }), { 'x-canary': 'true' }), []);
});

t.test('a token of an Experiment counts after the rules, as a whole', async (t) => {
  const experiments = { header: 'x-token', values: [{ value: 'abc', ...to('new') }] };
  t.same(ask(table({ experiments }), { 'x-token': 'abc' }), ['new']);
  t.same(ask(table({ experiments }), { 'x-token': 'abcd' }), ['old']);
});
