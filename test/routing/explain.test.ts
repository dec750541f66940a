import fc from 'fast-check';
import t from 'tap';
import { explain } from '../../src/routing/explain.ts';
import { formatExplanation } from '../../src/routing/format-explanation.ts';
import { Decision, type Live, Matcher } from '../../src/routing/match.ts';
import { RequestText } from '../../src/routing/request-text.ts';
import type { EndpointMap, HeaderRule, Route, RoutingTable, Target, Version } from '../../src/routing/table.ts';

const version = (role: Version['role'], name: string, fallback: number[]): Version => ({
  key: `shop/web/${name}`,
  role,
  name,
  namespace: 'shop',
  rollout: 'web',
  experiment: '',
  fallback,
});

const target = (asked: string, versions: number[], other: Partial<Target> = {}): Target => ({
  asked,
  versions,
  reason: null,
  fallback: true,
  ...other,
});

const rule = (header: string, value: string, to: Target): HeaderRule => ({
  origin: 'route',
  label: `header:${header}`,
  header,
  match: { kind: 'exact', value },
  target: to,
});

const ROUTE: Route = {
  name: 'web',
  hosts: ['api.example.com'],
  path: '/shop',
  versions: [
    version('stable', 'old', [1]),
    version('canary', 'new', [0]),
    version('experiment', 'try', [0]),
    version('experiment', 'try2', [0]),
  ],
  rules: [
    rule('x-canary', 'true', target('canary', [1])),
    rule('x-only', 'canary', target('canary', [1], { fallback: false })),
    rule('x-gone', '1', target('canary', [0], { reason: 'aborted' })),
    rule('x-none', '1', target('preview', [])),
  ],
  experiments: { header: 'x-exp', values: [['both', target('search', [2, 3])]] },
  split: [
    { version: 0, weight: 90 },
    { version: 1, weight: 10 },
  ],
};
const TABLE: RoutingTable = { routes: [ROUTE] };
const ALL: EndpointMap = {
  'shop/web/old': [
    { host: '10.0.0.1', port: 80 },
    { host: '10.0.0.2', port: 80 },
  ],
  'shop/web/new': [{ host: 'fd00::1', port: 80 }],
  'shop/web/try': [{ host: '10.0.0.4', port: 80 }],
  'shop/web/try2': [{ host: '10.0.0.5', port: 80 }],
};
const { 'shop/web/new': _, ...NO_CANARY } = ALL;

const ask = (headers: [string, string][], endpoints = ALL, path = '/shop/a?b=c') =>
  explain(TABLE, endpoints, { web: 'step 2 of 4' }, { method: 'GET', host: 'API.example.com:8080', path, headers });

t.test('a request without a header is split by weight', async (t) => {
  const { decidedBy, outcomes, rules } = ask([]);
  t.equal(decidedBy, 'weight');
  t.strictSame(
    outcomes.map(({ percent, chosen }) => [percent, chosen.role]),
    [
      [90, 'stable'],
      [10, 'canary'],
    ],
  );
  t.ok(rules.every(({ result }) => result === 'not matched'));
});

t.test('each rule says whether it matched and why', async (t) => {
  const { decidedBy, rules, outcomes } = ask([
    ['X-Canary', 'false'],
    ['x-only', ' canary '],
    ['x-exp', 'both'],
  ]);
  t.equal(decidedBy, 'header:x-only');
  t.strictSame(
    rules.map(({ result, why }) => [result, why]),
    [
      ['not matched', 'the request has x-canary: "false"'],
      ['matched', 'the request has x-only: "canary"'],
      ['not reached', 'an earlier rule decided'],
      ['not reached', 'an earlier rule decided'],
      ['not reached', 'an earlier rule decided'],
    ],
  );
  t.match(outcomes, [{ percent: 100, served: { role: 'canary', endpoints: ['[fd00::1]:80'] }, fallback: null }]);
});

t.test('what would answer without the version is said', async (t) => {
  t.match(ask([['x-canary', 'true']]).outcomes, [{ otherwise: [{ role: 'stable' }] }]);
  t.strictSame(ask([['x-only', 'canary']]).outcomes[0]?.otherwise, []);
});

t.test('a version without endpoints falls back, unless the rule forbids it', async (t) => {
  t.match(ask([['x-canary', 'true']], NO_CANARY).outcomes, [
    {
      chosen: { role: 'canary', endpoints: [] },
      served: { role: 'stable' },
      fallback: { from: 'canary', to: 'stable', reason: 'no_endpoints' },
    },
  ]);
  t.match(ask([['x-only', 'canary']], NO_CANARY).outcomes, [{ served: null, fallback: null }]);
});

t.test('a target that does not exist now names its replacement and the reason', async (t) => {
  t.match(ask([['x-gone', '1']]).outcomes, [
    { served: { role: 'stable' }, fallback: { from: 'canary', to: 'stable', reason: 'aborted' } },
  ]);
  t.strictSame(ask([['x-none', '1']]).outcomes, []);
});

t.test('the versions of an experiment take turns, those that can answer', async (t) => {
  t.strictSame(
    ask([['x-exp', 'both']]).outcomes.map(({ percent, chosen }) => [percent, chosen.key]),
    [
      [50, 'shop/web/try'],
      [50, 'shop/web/try2'],
    ],
  );
  const { 'shop/web/try': _, ...one } = ALL;
  t.strictSame(
    ask([['x-exp', 'both']], one).outcomes.map(({ percent, chosen }) => [percent, chosen.key]),
    [[100, 'shop/web/try2']],
  );
});

t.test('no route is a 404', async (t) => {
  const nothing = ask([], ALL, '/shopping');
  t.strictSame([nothing.route, nothing.decidedBy, nothing.outcomes], [null, null, []]);
  t.equal(
    formatExplanation(nothing),
    'request   GET API.example.com:8080/shopping\nroute     none takes this host and path\nanswer    404\n',
  );
});

t.test('an explanation as text', async (t) => {
  t.equal(
    formatExplanation(ask([['x-exp', 'other']])),
    `request   GET API.example.com:8080/shop/a?b=c
          x-exp: other
route     web: api.example.com, path /shop
rule 1    not matched: x-canary = "true" -> canary [header:x-canary]; the request has no x-canary
rule 2    not matched: x-only = "canary" -> canary [header:x-only]; the request has no x-only
rule 3    not matched: x-gone = "1" -> canary [header:x-gone]; the request has no x-gone
rule 4    not matched: x-none = "1" -> preview [header:x-none]; the request has no x-none
rule 5    not matched: x-exp names an experiment -> experiment [header:x-exp]; the request has x-exp: "other", which names no experiment
decided   by weight, as no rule matched: stable 90%, canary 10%
because   step 2 of 4
version   90% stable (shop/web/old), at 10.0.0.1:80, 10.0.0.2:80
          without it: canary (shop/web/new), at [fd00::1]:80
version   10% canary (shop/web/new), at [fd00::1]:80
          without it: stable (shop/web/old), at 10.0.0.1:80, 10.0.0.2:80
`,
  );
  t.equal(
    formatExplanation(ask([['x-canary', 'true']], NO_CANARY))
      .split('\n')
      .slice(8)
      .join('\n'),
    `decided   by rule 1
version   canary (shop/web/new), no usable endpoint
fallback  from canary to stable: no_endpoints
answer    stable (shop/web/old), at 10.0.0.1:80, 10.0.0.2:80
`,
  );
});

t.test('what is explained is what the matcher does', async (t) => {
  const header = fc.constantFrom<[string, string]>(
    ['x-canary', 'true'],
    ['x-canary', 'no'],
    ['x-only', 'canary'],
    ['x-gone', '1'],
    ['x-none', '1'],
    ['x-exp', 'both'],
    ['x-exp', 'other'],
  );
  fc.assert(
    fc.property(fc.array(header, { maxLength: 4 }), fc.subarray(Object.keys(ALL)), (headers, usable) => {
      const endpoints = Object.fromEntries(Object.entries(ALL).filter(([key]) => usable.includes(key)));
      const { outcomes, decidedBy } = ask(headers, endpoints);
      const matcher = new Matcher<Live>(TABLE, (_, { key }) => ({
        usable: usable.includes(key),
        listed: usable.includes(key),
      }));
      const decision = new Decision<Live>();
      const view = new RequestText('api.example.com', '/shop', headers);
      const answers = new Set<string>();
      for (let i = 0; i < 100; i += 1) {
        matcher.decide(view, decision);
        // Nobody answers: there is nothing to fall back to, whatever was asked for.
        answers.add(
          decision.served === null ? '503' : `${decision.served.version.key} ${decision.from} ${decision.reason}`,
        );
        if (decision.rule !== decidedBy) return false;
      }
      const expected = outcomes.map(({ served, fallback }) =>
        served === null ? '503' : `${served.key} ${fallback?.from ?? ''} ${fallback?.reason ?? ''}`,
      );
      if (outcomes.length === 0) expected.push('503');
      return [...new Set(expected)].sort().join() === [...answers].sort().join();
    }),
  );
  t.pass('in every case');
});
