import t from 'tap';
import { Canary } from './canary.ts';
import type { Expectation } from './traffic.ts';

/** What a canary does: each command and each wait, and what it demands. */
function setUp(total?: number) {
  const log: unknown[] = [];
  const told = (what: string) => async () => {
    log.push(what);
    return { metadata: { name: 'shop' }, spec: {} };
  };
  const quietly = (what: string) => async () => {
    log.push(what);
  };
  const canary = new Canary({
    rollout: {
      hashes: async () => ({ stable: 'old', canary: 'new' }),
      pausedAt: (index) => told(`paused at ${index}`)(),
      healthy: told('healthy'),
      aborted: told('aborted'),
      promote: quietly('promote'),
      abort: quietly('abort'),
      retry: quietly('retry'),
      undo: quietly('undo'),
      promoteFull: quietly('promote full'),
    },
    traffic: {
      expect: async (name: string, expectation: Expectation) => {
        log.push([name, expectation]);
        return { name, from: 0, until: 0 };
      },
    },
    name: 'v2',
    stable: 'old',
    ...(total === undefined ? {} : { total }),
  });
  return { canary, log };
}

t.test('at a pause stable is to have what the canary has not', async (t) => {
  const { canary, log } = setUp();
  await canary.pausedAt(1, 10);
  t.same(log, ['paused at 1', ['v2 at 10 %', { weights: { old: 90, new: 10 }, answers: 300 }]]);
  t.equal(canary.hash, 'new');
});

t.test('weights add up to the total', async (t) => {
  const { canary, log } = setUp(1000);
  await canary.pausedAt(3, 200);
  t.same(log[1], ['v2 at 200', { weights: { old: 800, new: 200 }, answers: 300 }]);
});

t.test('it climbs from pause to pause, looked at before it is promoted', async (t) => {
  const { canary, log } = setUp();
  const pauses = [
    [1, 10],
    [3, 50],
  ] as const;
  await canary.climb(pauses, { answers: 500 }, async (weight) => {
    log.push(`look at ${weight}`);
  });
  t.same(log, [
    'paused at 1',
    ['v2 at 10 %', { weights: { old: 90, new: 10 }, answers: 500 }],
    'look at 10',
    'promote',
    'paused at 3',
    ['v2 at 50 %', { weights: { old: 50, new: 50 }, answers: 500 }],
    'look at 50',
    'promote',
  ]);
});

t.test('what is demanded besides comes with it, or instead', async (t) => {
  const { canary, log } = setUp();
  await canary.abort({ streams: ['plain', 'tester'], answers: 400 });
  const demand = { weights: { old: 100 }, streams: ['plain', 'tester'], answers: 400 };
  t.same(log, ['abort', 'aborted', ['v2 aborted', demand]]);
});

t.test('it has no hash before it has been at a pause', async (t) => {
  const { canary } = setUp();
  t.throws(() => canary.hash, /v2 has not been at a pause/);
});
