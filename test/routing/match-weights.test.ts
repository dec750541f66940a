import t from 'tap';
import type { Share } from '../../src/routing/table.ts';
import { type Loaded, load, rolloutRoute, route, rule, target } from './match-tables.ts';
import { request } from './requests.ts';

const CANARY = 'shop/talana/7f9b';
const PLAIN = request('/');
const RULES = [rule('x-canary', { kind: 'present' }, target('canary', [1]))];

function weighted(canary: number): { rules: typeof RULES; split: Share[] } {
  return {
    rules: RULES,
    split: [
      { version: 0, weight: 100 - canary },
      { version: 1, weight: canary },
    ],
  };
}

/** How many of `count` requests the canary answers. */
function canaries({ decide }: Loaded, count: number): number {
  let got = 0;
  for (let i = 0; i < count; i += 1) if (decide(PLAIN).served === CANARY) got += 1;
  return got;
}

t.test('any 100 requests at 5% hold 4 to 6 of the canary', async (t) => {
  const loaded = load(rolloutRoute(weighted(5)));
  const wrong = Array.from({ length: 200 }, () => canaries(loaded, 100)).filter((got) => got < 4 || got > 6);
  t.same(wrong, []);
});

t.test('a changed weight takes effect with the next request', async (t) => {
  const loaded = load(rolloutRoute(weighted(0)));
  t.equal(canaries(loaded, 50), 0);
  const all = loaded.next(rolloutRoute(weighted(100)));
  t.equal(canaries(all, 50), 50);
  const half = all.next(rolloutRoute(weighted(50)));
  for (let i = 0; i < 20; i += 1) {
    const got = canaries(half, 100);
    t.ok(got >= 49 && got <= 51, `${got} of 100`);
  }
});

t.test('a table in which the shares are the same goes on with their sequence', async (t) => {
  // Here there is a new table after each request: a sequence that began again each time would be a blind draw.
  let loaded = load(rolloutRoute(weighted(5)));
  const wrong: number[] = [];
  for (let window = 0; window < 50; window += 1) {
    let got = 0;
    for (let i = 0; i < 100; i += 1) {
      got += canaries(loaded, 1);
      loaded = loaded.next(route(`new-${i}`, { path: '/new' }), rolloutRoute(weighted(5)));
    }
    if (got < 4 || got > 6) wrong.push(got);
  }
  t.same(wrong, []);
});

t.test('requests that a header decides take no place in the weighted sequence', async (t) => {
  const loaded = load(rolloutRoute(weighted(5)));
  const asked = request('/', 'x-canary: 1');
  for (let i = 0; i < 50; i += 1) {
    let got = 0;
    for (let n = 0; n < 100; n += 1) {
      for (let header = 0; header < n % 3; header += 1)
        if (loaded.decide(asked).rule === 'weight') t.fail('not by header');
      got += canaries(loaded, 1);
    }
    t.ok(got >= 4 && got <= 6, `${got} of 100`);
  }
});

t.test('routes have sequences of their own', async (t) => {
  const { decide } = load(
    rolloutRoute({ ...weighted(50), path: '/a' }),
    route('other', { ...rolloutRoute(weighted(50)), name: 'other', path: '/b' }),
  );
  for (const path of ['/a', '/b']) {
    let got = 0;
    for (let i = 0; i < 100; i += 1) {
      if (decide(request(path)).served === CANARY) got += 1;
      decide(request(path === '/a' ? '/b' : '/a'));
    }
    t.ok(got >= 49 && got <= 51, `${path}: ${got}`);
  }
});
