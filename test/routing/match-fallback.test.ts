import fc from 'fast-check';
import t from 'tap';
import type { Share } from '../../src/routing/table.ts';
import { load, rolloutRoute, route, rule, target, version } from './match-tables.ts';
import { request } from './requests.ts';
import { ASKED, BLUE, CANARY, GREEN, PLAIN, ruled, STABLE } from './ruled.ts';

t.test('a version without endpoints is answered by the first of its fallbacks that has some', async (t) => {
  const { decide, down } = ruled(target('ab', [2]));
  const expected = { route: 'talana', chosen: BLUE, rule: 'header:x-v', mayFallBack: true };
  down(BLUE);
  t.same(decide(ASKED), { ...expected, served: STABLE, from: 'experiment', reason: 'no_endpoints' });
  down(BLUE, STABLE);
  t.same(decide(ASKED), { ...expected, served: CANARY, from: 'experiment', reason: 'no_endpoints' });
  down(BLUE, STABLE, CANARY);
  t.same(decide(ASKED), { ...expected, served: null, from: '', reason: '' });
});

t.test('weights fall back both ways, and the decision says from where', async (t) => {
  const { decide, down } = load(rolloutRoute());
  down(STABLE);
  t.same(decide(PLAIN), {
    route: 'talana',
    chosen: STABLE,
    served: CANARY,
    rule: 'weight',
    from: 'stable',
    reason: 'no_endpoints',
    mayFallBack: true,
  });
  const all = load(
    rolloutRoute({
      split: [
        { version: 0, weight: 0 },
        { version: 1, weight: 100 },
      ],
    }),
  );
  all.down(CANARY);
  const { served, from } = all.decide(PLAIN);
  t.same({ served, from }, { served: STABLE, from: 'canary' });
});

t.test('a version takes its requests back as soon as it has endpoints again', async (t) => {
  const { decide, down } = ruled(target('canary', [1]));
  down(CANARY);
  t.equal(decide(ASKED).served, STABLE);
  down();
  const { served, from, reason } = decide(ASKED);
  t.same({ served, from, reason }, { served: CANARY, from: '', reason: '' });
});

t.test('a target that was replaced names what was asked for and why', async (t) => {
  const { decide } = ruled(target('canary', [0], { reason: 'aborted' }));
  const { chosen, served, from, reason } = decide(ASKED);
  t.same({ chosen, served, from, reason }, { chosen: STABLE, served: STABLE, from: 'canary', reason: 'aborted' });
});

t.test('a replacement that has no endpoints either is the version that the fallback names', async (t) => {
  const { decide, down } = ruled(target('ab', [0], { reason: 'not_running' }));
  down(STABLE);
  const { chosen, served, from, reason } = decide(ASKED);
  t.same({ chosen, served, from, reason }, { chosen: STABLE, served: CANARY, from: 'stable', reason: 'no_endpoints' });
});

t.test('a rule with fallback: none gets the version or nobody', async (t) => {
  const { decide, down } = ruled(target('canary', [1], { fallback: false }));
  t.equal(decide(ASKED).served, CANARY);
  down(CANARY);
  const { chosen, served, from, mayFallBack } = decide(ASKED);
  t.same({ chosen, served, from, mayFallBack }, { chosen: CANARY, served: null, from: '', mayFallBack: false });
  t.equal(decide(PLAIN).mayFallBack, true, 'and what it says ends with its request');
});

t.test('a target without versions gets nobody', async (t) => {
  const { decide } = ruled(target('canary', [], { reason: 'absent', fallback: false }));
  const { route: found, chosen, served } = decide(ASKED);
  t.same({ found, chosen, served }, { found: 'talana', chosen: null, served: null });
});

t.test('a route without weights gets nobody except by header', async (t) => {
  const { decide } = load(
    rolloutRoute({ split: [], rules: [rule('x-v', { kind: 'present' }, target('canary', [1]))] }),
  );
  t.same([decide(PLAIN).chosen, decide(PLAIN).served, decide(PLAIN).route], [null, null, 'talana']);
  t.equal(decide(ASKED).served, CANARY);
});

t.test('a static version is named by its name in a fallback', async (t) => {
  const versions = [version('static/r/blue', { fallback: [1] }), version('static/r/green')];
  const { decide, down } = load(route('r', { versions }));
  down('static/r/blue');
  t.same([decide(PLAIN).from, decide(PLAIN).served], ['blue', 'static/r/green']);
});

/** How often each version answers, over `count` decisions. */
function tally(decide: () => { served: string | null }, count: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i += 1) {
    const served = decide().served ?? 'nobody';
    counts[served] = (counts[served] ?? 0) + 1;
  }
  return counts;
}

t.test('several versions of one target take turns', async (t) => {
  const { decide } = ruled(target('ab', [2, 3]));
  for (let run = 0; run < 20; run += 1) {
    const { [BLUE]: blue = 0, [GREEN]: green = 0 } = tally(() => decide(ASKED), 10);
    t.ok(blue >= 4 && green >= 4, `${blue} and ${green} of 10`);
  }
});

t.test('turns of one target are not taken by the requests of another', async (t) => {
  // One counter for the whole route gave each of two targets that were asked in turn the same version every time.
  const { decide } = load(
    rolloutRoute({
      rules: [
        rule('x-one', { kind: 'present' }, target('one', [2, 3])),
        rule('x-two', { kind: 'present' }, target('two', [2, 3])),
      ],
    }),
  );
  const one: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) {
    const served = decide(request('/', 'x-one: 1')).served ?? '';
    one[served] = (one[served] ?? 0) + 1;
    decide(request('/', 'x-two: 1'));
  }
  t.ok((one[BLUE] ?? 0) >= 49 && (one[GREEN] ?? 0) >= 49, JSON.stringify(one));
});

t.test('a client whose every second request is of one kind meets every version of a target with it', async (t) => {
  const { decide } = ruled(target('ab', [2, 3]));
  const counts = tally(() => {
    decide(ASKED);
    return decide(ASKED);
  }, 2_000);
  t.ok((counts[BLUE] ?? 0) > 800 && (counts[GREEN] ?? 0) > 800, JSON.stringify(counts));
});

t.test('turns leave out a version that cannot answer, and the others share its part evenly', async (t) => {
  // Given to the next in line, the turns of one of three made that one count double: 2/3 and 1/3.
  const { decide, down } = ruled(target('ab', [1, 2, 3]));
  down(BLUE);
  const counts = tally(() => decide(ASKED), 6_000);
  t.equal(counts[BLUE], undefined);
  t.ok(Math.abs((counts[CANARY] ?? 0) - 3_000) < 200, JSON.stringify(counts));
  t.equal((counts[CANARY] ?? 0) + (counts[GREEN] ?? 0), 6_000);
  t.equal(decide(ASKED).reason, '', 'which is no fallback');
});

t.test('when no version of a target can answer, the fallback of its first one does', async (t) => {
  const { decide, down } = ruled(target('ab', [2, 3]));
  down(BLUE, GREEN);
  const { chosen, served, from, reason } = decide(ASKED);
  t.same(
    { chosen, served, from, reason },
    { chosen: BLUE, served: STABLE, from: 'experiment', reason: 'no_endpoints' },
  );
});

/** Versions that fall back on each other as they like, with rules and weights that lead anywhere. */
const anyCase = fc.integer({ min: 1, max: 5 }).chain((count) => {
  const index = fc.integer({ min: 0, max: count - 1 });
  const some = fc.uniqueArray(index, { maxLength: count });
  return fc.record({
    count: fc.constant(count),
    fallbacks: fc.array(some, { minLength: count, maxLength: count }),
    targets: fc.array(
      fc.record({
        versions: some,
        reason: fc.constantFrom(null, 'aborted' as const, 'absent' as const),
        fallback: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    weights: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count }),
    down: some,
    asked: fc.integer({ min: 0, max: 3 }),
  });
});

t.test('what answers is always usable, and is the version chosen unless a fallback is named', async (t) => {
  fc.assert(
    fc.property(anyCase, ({ count, fallbacks, targets, weights, down, asked }) => {
      const split: Share[] = weights.map((weight, at) => ({ version: at, weight }));
      const loaded = load(
        route('r', {
          versions: Array.from({ length: count }, (_, i) =>
            version(`static/r/v${i}`, { fallback: fallbacks[i] ?? [] }),
          ),
          rules: targets.map((to, i) => rule(`x-${i}`, { kind: 'present' }, target(`t${i}`, to.versions, to))),
          split: split.some(({ weight }) => weight > 0) ? split : [],
        }),
      );
      const unusable = down.map((at) => `static/r/v${at}`);
      loaded.down(...unusable);
      for (let i = 0; i < 5; i += 1) {
        const {
          chosen,
          served,
          from,
          reason,
          mayFallBack,
          rule: decidedBy,
        } = loaded.decide(request('/', `x-${asked}: 1`));
        const to = targets[asked];
        if (served !== null && unusable.includes(served)) return false;
        if (decidedBy !== (to === undefined ? 'weight' : `header:x-${asked}`)) return false;
        if (served !== chosen && served !== null && (from === '' || reason === '' || !mayFallBack)) return false;
        if (served === chosen && reason === 'no_endpoints') return false;
        // Nobody only when nobody could: neither the version chosen nor, where it may, any of its fallbacks.
        const at = Number(chosen?.slice('static/r/v'.length) ?? -1);
        const others = mayFallBack ? (fallbacks[at] ?? []) : [];
        if (served === null && chosen !== null && [at, ...others].some((one) => !down.includes(one))) return false;
        if (served === null && to !== undefined && to.versions.some((one) => !down.includes(one))) return false;
      }
      return true;
    }),
  );
  t.pass('in every case');
});

t.test('nothing of a request is left in the decision of the next one', async (t) => {
  const { decide, down } = ruled(target('canary', [1], { reason: 'aborted', fallback: false }));
  down(CANARY);
  t.equal(decide(ASKED).reason, 'aborted');
  t.same(decide(PLAIN), {
    route: 'talana',
    chosen: STABLE,
    served: STABLE,
    rule: 'weight',
    from: '',
    reason: '',
    mayFallBack: true,
  });
});
