import fc from 'fast-check';
import t from 'tap';
import { Decision, type Live, Matcher, roleName } from '../../src/routing/match.ts';
import type { Route, Target } from '../../src/routing/table.ts';
import { fallbackKey, keysOf } from '../../src/telemetry/keys.ts';
import { request } from '../routing/requests.ts';
import { route, table, version } from './tables.ts';

const ROLES = ['stable', 'canary', 'experiment', 'static'] as const;
const REASONS = [null, 'aborted', 'absent', 'not_running'] as const;
const REQUESTS = [request('/'), request('/', 'x-rule: 1'), request('/', 'x-experiment: token')];

const GONE: Live = { usable: false, listed: false };
const anyLive = fc.constantFrom<Live>({ usable: true, listed: true }, { usable: false, listed: true }, GONE);

const index = fc.integer({ min: 0, max: ROLES.length - 1 });
const indexes = fc.uniqueArray(index);
const anyTarget: fc.Arbitrary<Target> = fc.record({
  asked: fc.constantFrom('canary', 'preview', 'experiment'),
  versions: indexes,
  reason: fc.constantFrom(...REASONS),
  fallback: fc.boolean(),
});

/** A version of each role with any fallbacks, a header rule and an experiment header that lead anywhere. */
const anyRoute: fc.Arbitrary<Route> = fc
  .record({
    fallbacks: fc.array(indexes, { minLength: ROLES.length, maxLength: ROLES.length }),
    rule: anyTarget,
    experiment: anyTarget,
    weighted: index,
  })
  .map(({ fallbacks, rule, experiment, weighted }) => {
    const versions = ROLES.map((role, i) => version(`shop/talana/${i}`, { role, fallback: fallbacks[i] ?? [] }));
    return route('talana', versions, {
      rules: [{ origin: 'route', label: 'r', header: 'x-rule', match: { kind: 'present' }, target: rule }],
      experiments: { header: 'x-experiment', values: [['token', experiment]] },
      split: [{ version: weighted, weight: 1 }],
    });
  });

t.test('every fallback that the matcher decides has a counter, whatever the table and its endpoints', async (t) => {
  let fallbacks = 0;
  const property = fc.property(anyRoute, fc.array(anyLive, { minLength: 4, maxLength: 4 }), (one, lives) => {
    const known = new Map(keysOf(one).fallbacks);
    const matcher = new Matcher<Live>(table(one), (_, { name }) => lives[Number(name)] ?? GONE);
    const decision = new Decision<Live>();
    return REQUESTS.every((view) => {
      matcher.decide(view, decision);
      const { from, reason, served } = decision;
      if (served === null || reason === '') return true;
      fallbacks++;
      return known.has(fallbackKey(one.name, from, roleName(served.version), reason));
    });
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }));
  t.ok(fallbacks > 100, `${fallbacks} fallbacks tried`);
});
