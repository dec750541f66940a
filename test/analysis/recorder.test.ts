import t from 'tap';
import { durationBin } from '../../src/telemetry/duration-bins.ts';
import { canaryRoute, route, table, version } from '../telemetry/tables.ts';
import { Traffic } from './traffic.ts';

const STABLE = '5d8c';
const CANARY = '7f9b';
const ROLLOUT = table(canaryRoute());
/** The canary is the only version now. */
const PROMOTED = table(route('talana', [version(`shop/talana/${CANARY}`)]));
/** It was rolled back: what was stable is the canary's again. */
const ALONE = table(route('talana', [version(`shop/talana/${STABLE}`)]));
const BACK = table(
  route('talana', [version(`shop/talana/${CANARY}`), version(`shop/talana/${STABLE}`, { role: 'canary' })]),
);

function rolledOut(): Traffic {
  const traffic = new Traffic();
  traffic.apply(ROLLOUT);
  return traffic;
}

t.test('counting begins with the first request to a candidate, and loses none of its requests', async (t) => {
  const traffic = rolledOut();
  traffic.send(STABLE, 1000);
  traffic.wait(30);
  t.equal(traffic.pairs(CANARY, STABLE), null);
  traffic.send(CANARY, 3);
  traffic.send(STABLE, 20);
  traffic.wait(1);
  traffic.send(CANARY, 4);
  traffic.send(STABLE, 40);
  traffic.wait(5);
  t.strictSame(traffic.attempts(CANARY, STABLE), [[7, 40]], 'the baseline from the same second on');
});

t.test('a block holds attempts, failures and durations of all workers', async (t) => {
  const traffic = new Traffic({ workers: 2 });
  traffic.apply(ROLLOUT);
  traffic.send(CANARY, 1);
  traffic.wait(1);
  traffic.send(CANARY, 10, { failures: 2, ms: 5 });
  traffic.send(CANARY, 10, { failures: 1, ms: 300, worker: 1 });
  traffic.send(STABLE, 7, { ms: 5, worker: 1 });
  traffic.wait(5);
  t.strictSame(traffic.pairs(CANARY, STABLE), [
    {
      end: traffic.now,
      candidate: {
        attempts: 21,
        failures: 3,
        durations: { bins: [durationBin(0.005), durationBin(0.01), durationBin(0.3)], counts: [10, 1, 10] },
      },
      baseline: { attempts: 7, failures: 0, durations: { bins: [durationBin(0.005)], counts: [7] } },
    },
  ]);
});

t.test('blocks last 5 s at first and 2 % of the time since the start later', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 1);
  traffic.wait(1 + 250);
  t.equal(traffic.pairs(CANARY, STABLE)?.length, 50);
  traffic.wait(1_550);
  const half = traffic.pairs(CANARY, STABLE)?.length ?? 0;
  t.ok(half > 130 && half < 150, `${half} blocks in half an hour`);
  traffic.wait(86_400 - 1_800);
  const day = traffic.pairs(CANARY, STABLE)?.length ?? 0;
  t.ok(day > 300 && day <= 350, `${day} blocks in a day`);
});

t.test('a process that was held up goes on with the bounds that were fixed', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 1);
  traffic.wait(1);
  traffic.hang(11);
  traffic.send(CANARY, 8);
  traffic.wait(1);
  t.strictSame(traffic.attempts(CANARY, STABLE), [[9, 0]]);
  traffic.wait(3);
  t.equal(traffic.pairs(CANARY, STABLE)?.length, 2, 'its third bound, at 15 s');
});

t.test('a window goes on through the promotion, over all roles of a version', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 5);
  traffic.wait(6);
  traffic.apply(PROMOTED);
  traffic.send(CANARY, 9);
  traffic.wait(5);
  const key = JSON.stringify(['talana', 'shop', 'talana', '', STABLE]);
  t.strictSame(
    traffic.recorder
      .window(traffic.key(CANARY))
      ?.pair(traffic.key(CANARY), key)
      .pairs()
      .map((block) => block.candidate.attempts),
    [5, 9],
  );
});

t.test(
  'a window ends 15 minutes after its version became stable, though the counts of its time as a canary go',
  async (t) => {
    const traffic = rolledOut();
    traffic.send(CANARY, 5);
    traffic.wait(6);
    traffic.apply(PROMOTED);
    traffic.wait(14 * 60);
    traffic.send(CANARY, 3);
    traffic.wait(30);
    const seen = traffic.recorder.window(traffic.key(CANARY))?.pair(traffic.key(CANARY), '').pairs() ?? [];
    t.equal(
      seen.reduce((sum, { candidate }) => sum + candidate.attempts, 0),
      8,
    );
    t.ok(seen.every(({ candidate }) => candidate.attempts >= 0));
    traffic.wait(60);
    t.equal(traffic.recorder.window(traffic.key(CANARY)), null);
  },
);

t.test('a version that is gone keeps its window for 15 minutes', async (t) => {
  const traffic = rolledOut();
  const key = traffic.key(CANARY);
  traffic.send(CANARY, 5);
  traffic.wait(6);
  traffic.apply(ALONE);
  traffic.wait(14 * 60);
  t.not(traffic.recorder.window(key), null);
  t.match(
    traffic.recorder.known().map(({ id, role }) => [id.version, role]),
    [
      [STABLE, 'stable'],
      [CANARY, null],
    ],
  );
  traffic.wait(60);
  t.equal(traffic.recorder.window(key), null);
  t.strictSame(
    traffic.recorder.known().map(({ id }) => id.version),
    [STABLE],
  );
});

t.test('a version that is rolled out again begins anew', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 50, { failures: 50 });
  traffic.wait(6);
  traffic.apply(ALONE);
  traffic.wait(120);
  traffic.apply(ROLLOUT);
  traffic.wait(10);
  t.equal(traffic.pairs(CANARY, STABLE), null, 'not before it gets a request');
  traffic.send(CANARY, 3);
  traffic.wait(6);
  t.strictSame(
    traffic.pairs(CANARY, STABLE)?.map(({ candidate }) => [candidate.attempts, candidate.failures]),
    [[3, 0]],
  );
  t.strictSame(traffic.pairs(CANARY, STABLE)?.[0]?.candidate.durations.counts, [3]);
});

t.test('a version that is missing for a moment goes on', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 5);
  traffic.wait(6);
  traffic.apply(ALONE);
  traffic.wait(2);
  traffic.apply(ROLLOUT);
  traffic.wait(3);
  t.strictSame(traffic.attempts(CANARY, STABLE), [
    [5, 0],
    [0, 0],
  ]);
});

t.test('after an abort the counts stay to be looked at, and a retry begins anew', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 50, { failures: 50 });
  traffic.wait(6);
  traffic.apply(ROLLOUT, ['shop/talana']);
  traffic.wait(20);
  t.not(traffic.pairs(CANARY, STABLE), null);
  traffic.apply(ROLLOUT);
  traffic.wait(1);
  t.equal(traffic.pairs(CANARY, STABLE), null);
  traffic.send(CANARY, 4);
  traffic.wait(6);
  t.strictSame(traffic.attempts(CANARY, STABLE), [[4, 0]]);
});

t.test('what was stable and is the canary again begins anew', async (t) => {
  const traffic = rolledOut();
  traffic.send(STABLE, 100);
  traffic.send(CANARY, 5);
  traffic.wait(6);
  traffic.apply(BACK);
  traffic.send(STABLE, 2);
  traffic.send(CANARY, 20);
  traffic.wait(1);
  traffic.send(CANARY, 30);
  traffic.wait(5);
  t.strictSame(traffic.attempts(STABLE, CANARY), [[2, 30]]);
});

t.test(
  'a candidate that waits for its first request while the counts of its time as stable go is recorded',
  async (t) => {
    const traffic = rolledOut();
    traffic.send(STABLE, 100);
    traffic.wait(1);
    traffic.apply(BACK);
    traffic.wait(16 * 60);
    traffic.send(STABLE, 2);
    traffic.wait(6);
    t.strictSame(traffic.attempts(STABLE, CANARY), [[2, 0]]);
  },
);

t.test('the windows of many canaries begin in turn, and lose no request to a candidate', async (t) => {
  const traffic = new Traffic();
  const names = Array.from({ length: 120 }, (_, i) => `c${i}`);
  const routes = names.map((name, i) =>
    route(`r${i}`, [version(`shop/r${i}/s${i}`), version(`shop/r${i}/${name}`, { role: 'canary' })]),
  );
  traffic.apply(table(...routes));
  for (const name of names) traffic.send(name, 2);
  traffic.wait(1);
  t.equal(names.filter((name) => traffic.recorder.window(traffic.key(name)) !== null).length, 50);
  traffic.wait(7);
  t.ok(names.every((name, i) => traffic.attempts(name, `s${i}`)?.[0]?.[0] === 2));
});

t.test('a window goes 15 minutes after the promotion, however many tables come meanwhile', async (t) => {
  const traffic = rolledOut();
  traffic.send(CANARY, 5);
  traffic.wait(6);
  traffic.apply(PROMOTED);
  traffic.wait(14 * 60);
  traffic.apply(table(route('talana', [version(`shop/talana/${CANARY}`)], { hosts: ['a.example'] })));
  t.not(traffic.recorder.window(traffic.key(CANARY)), null);
  traffic.wait(61);
  t.equal(traffic.recorder.window(traffic.key(CANARY)), null);
});

t.test('a change of another route ends nothing', async (t) => {
  const traffic = new Traffic();
  const own = canaryRoute();
  const other = route('b', [version('shop/b/b1')]);
  traffic.apply(table(own, other));
  traffic.send(CANARY, 5);
  traffic.wait(6);
  traffic.apply(table(own, { ...other, hosts: ['a.example'] }));
  traffic.wait(16 * 60);
  t.not(traffic.recorder.window(traffic.key(CANARY)), null);
});

t.test('no window is opened while those that there are hold too much', async (t) => {
  const traffic = new Traffic({ mostBytes: 10 });
  traffic.apply(table(canaryRoute('a'), route('b', [version('shop/b/b1'), version('shop/b/b2', { role: 'canary' })])));
  traffic.send(CANARY, 1);
  traffic.wait(1);
  t.notOk(traffic.recorder.full);
  traffic.send(STABLE, 20);
  traffic.send(CANARY, 10);
  traffic.wait(10);
  traffic.send('b2', 1);
  traffic.wait(5);
  t.ok(traffic.recorder.full);
  t.equal(traffic.pairs('b2', 'b1'), null);
});

t.test('there are no more windows than there may be', async (t) => {
  const traffic = new Traffic({ mostWindows: 1 });
  traffic.apply(table(canaryRoute('a'), route('b', [version('shop/b/b1'), version('shop/b/b2', { role: 'canary' })])));
  traffic.send(CANARY, 1);
  traffic.wait(1);
  traffic.send('b2', 1);
  traffic.wait(5);
  t.ok(traffic.recorder.full);
  t.not(traffic.pairs(CANARY, STABLE), null);
  t.equal(traffic.pairs('b2', 'b1'), null);
});

t.test('a static route without a stable one compares with what has the greatest weight', async (t) => {
  const traffic = new Traffic();
  const versions = ['one', 'two'].map((name) => ({
    ...version(`static/plain/${name}`),
    name,
    role: 'static' as const,
  }));
  traffic.apply(
    table(
      route('plain', versions, {
        split: [
          { version: 0, weight: 10 },
          { version: 1, weight: 90 },
        ],
      }),
    ),
  );
  traffic.send('one', 1);
  traffic.send('two', 9);
  traffic.wait(6);
  t.equal(traffic.pairs('two', 'one'), null);
  t.strictSame(traffic.attempts('one', 'two'), [[1, 0]]);
});

t.test('2,000 idle versions cost next to nothing', async (t) => {
  const traffic = new Traffic();
  traffic.apply(table(...Array.from({ length: 1_000 }, (_, i) => canaryRoute(`route-${i}`))));
  traffic.wait(20);
  const before = process.cpuUsage();
  traffic.wait(50);
  const each = process.cpuUsage(before).user / 1000 / 50;
  t.ok(each < 10, `${each.toFixed(2)} ms a second`);
  t.comment(`${each.toFixed(2)} ms a second`);
});
