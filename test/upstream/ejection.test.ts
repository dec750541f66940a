import t from 'tap';
import type { EjectionSettings } from '../../src/upstream/endpoint-health.ts';
import type { EndpointPool } from '../../src/upstream/endpoint-pool.ts';
import { VersionPool } from '../../src/upstream/version-pool.ts';
import { seededRandom } from '../routing/seeded-random.ts';

const SETTINGS: EjectionSettings = {
  failures: 5,
  time: 30_000,
  maxTime: 100_000,
  maxShare: 0.5,
  serverErrors: false,
};
const NO_JITTER = () => 0;

/** A version of `count` endpoints, and what a test does to them by index. */
function scene(count: number, change: Partial<EjectionSettings> = {}, random: () => number = seededRandom(1)) {
  const pool = new VersionPool('k', { maxIdle: 8, ejection: { ...SETTINGS, ...change }, random });
  list(pool, count);
  let now = 0;
  const at = (i: number): EndpointPool => {
    const endpoint = pool.endpoints[i];
    if (endpoint === undefined) throw new RangeError(`no endpoint ${i}`);
    return endpoint;
  };
  return {
    pool,
    at,
    fail: (i: number, times = SETTINGS.failures) => {
      let last: ReturnType<VersionPool['failed']> = null;
      for (let k = 0; k < times; k += 1) last = pool.failed(at(i), now);
      return last;
    },
    answer: (i: number) => pool.answered(at(i), now),
    pass: (ms: number) => {
      now += ms;
      return pool.sweep(now);
    },
    /** The indexes that 200 picks find. */
    picked: () => {
      const found = new Set<number>();
      for (let k = 0; k < 200; k += 1) {
        const endpoint = pool.pick(null);
        if (endpoint !== null) found.add(pool.endpoints.indexOf(endpoint));
      }
      return [...found].sort();
    },
    standings: () => pool.endpoints.map(({ health }) => health.standing),
  };
}

function list(pool: VersionPool, count: number): void {
  pool.update(Array.from({ length: count }, (_, i) => ({ host: `10.0.0.${i}`, port: 80 })));
}

t.test('an endpoint is left out after so many failures in a row, and not before', async (t) => {
  const { pool, at, fail, picked } = scene(4);
  t.equal(fail(2, 4), null);
  t.same(picked(), [0, 1, 2, 3]);
  t.same(fail(2, 1)?.standing, 'ejected');
  t.same(picked(), [0, 1, 3]);
  t.same([pool.usable, pool.ejected, pool.hasOther(at(0))], [true, 1, true]);
});

t.test('an answer between them begins the count anew', async (t) => {
  const { fail, answer, picked } = scene(2);
  for (let i = 0; i < 10; i += 1) {
    t.equal(fail(0, 4), null);
    t.equal(answer(0), false, 'it had not been left out');
  }
  t.same(picked(), [0, 1]);
});

t.test('at most half of a version is left out, and one always may be', async (t) => {
  for (const [count, most] of [
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [10, 5],
  ] as const) {
    const { pool, fail, standings } = scene(count);
    for (let i = 0; i < count; i += 1) fail(i);
    t.equal(pool.ejected, most, `of ${count}`);
    t.equal(standings().filter((one) => one === 'failing').length, count - most);
  }
});

t.test(
  'an endpoint that fails and may not be left out is chosen on, while another of the version answers',
  async (t) => {
    const { pool, fail, picked } = scene(3);
    t.equal(fail(0)?.standing, 'ejected');
    t.equal(fail(1)?.standing, 'failing');
    t.equal(pool.usable, true);
    t.same(picked(), [1, 2]);
  },
);

t.test('it is left out as soon as there is room, and for the rest of its time', async (t) => {
  const { fail, answer, pass, picked, standings } = scene(3, {}, NO_JITTER);
  fail(0);
  pass(20_000);
  fail(1);
  pass(10_000);
  picked();
  answer(0);
  t.same(standings(), ['good', 'failing', 'good']);
  t.same(fail(1, 1), { standing: 'ejected', time: 20_000 });
});

t.test('a version of which every endpoint fails is not usable, and all of them are chosen from: panic', async (t) => {
  const { pool, fail, picked } = scene(3);
  for (const i of [0, 1, 2]) fail(i);
  t.equal(pool.usable, false);
  t.equal(pool.listed, true);
  t.same(picked(), [0, 1, 2]);
});

t.test('where nobody is left, whoever answers is back at once', async (t) => {
  const { pool, fail, answer, picked, standings } = scene(3);
  for (const i of [0, 1, 2]) fail(i);
  t.equal(answer(0), true);
  t.same(standings(), ['good', 'failing', 'failing']);
  t.equal(pool.usable, true);
  t.equal(answer(1), true);
  t.same(picked(), [0, 1, 2], 'nobody is ejected any more');
});

t.test('what was under way when its endpoint was ejected does not bring it back', async (t) => {
  const { fail, answer, picked } = scene(2);
  fail(0);
  t.equal(answer(0), false);
  t.same(picked(), [1]);
});

t.test('after its time an endpoint gets one request on trial, and no other before that one has ended', async (t) => {
  const { pool, fail, answer, pass, picked, standings } = scene(2, {}, NO_JITTER);
  fail(0);
  pass(29_999);
  t.same(picked(), [1]);
  pass(1);
  t.same(standings(), ['due', 'good']);
  t.equal(pool.pick(null), pool.endpoints[0]);
  t.same(standings(), ['trial', 'good']);
  t.same(picked(), [1], 'while it is on trial');
  t.equal(answer(0), true);
  t.same(standings(), ['good', 'good']);
  t.equal(pool.ejected, 0);
});

t.test('one failure on trial is enough, and the time grows with each ejection, up to the most', async (t) => {
  const { pool, fail, pass, standings } = scene(1, {}, NO_JITTER);
  t.same(fail(0), { standing: 'ejected', time: 30_000 });
  for (const time of [60_000, 90_000, 100_000, 100_000]) {
    pass(100_000);
    t.equal(pool.pick(null), pool.endpoints[0]);
    t.same(standings(), ['trial']);
    t.same(fail(0, 1), { standing: 'ejected', time });
  }
});

t.test('the time shrinks again while the endpoint is good', async (t) => {
  const { pool, fail, answer, pass } = scene(1, {}, NO_JITTER);
  const eject = (times?: number) => {
    const verdict = fail(0, times);
    pass(100_000);
    pool.pick(null);
    return verdict?.time;
  };
  t.same([eject(), eject(1), eject(1)], [30_000, 60_000, 90_000]);
  answer(0);
  pass(29_000);
  t.equal(eject(), 100_000, 'less than 30 seconds: a fourth time');
  answer(0);
  pass(60_000);
  t.equal(eject(), 90_000, 'twice 30 seconds: two of four are forgotten');
  answer(0);
  pass(1_000_000);
  t.equal(eject(), 30_000);
});

t.test('a trial whose client left is none: the next request is one', async (t) => {
  const { pool, at, fail, pass, standings } = scene(2, {}, NO_JITTER);
  fail(0);
  pass(30_000);
  pool.pick(null);
  pool.untried(at(0));
  t.same(standings(), ['due', 'good']);
  t.equal(pool.pick(null), at(0));
});

t.test('while its only endpoint is on trial a version is not usable: the others fall back', async (t) => {
  const { pool, fail, answer, pass } = scene(1, {}, NO_JITTER);
  fail(0);
  t.equal(pool.usable, false);
  pass(30_000);
  t.equal(pool.usable, true);
  pool.pick(null);
  t.equal(pool.usable, false);
  t.equal(pool.pick(null), pool.endpoints[0], 'where nobody falls in, it is chosen all the same');
  answer(0);
  t.equal(pool.usable, true);
});

t.test('endpoints that failed together are not tried together', async (t) => {
  const { pool, fail, pass } = scene(20, { maxShare: 1 });
  for (let i = 0; i < 20; i += 1) fail(i);
  const due = () => pool.endpoints.filter(({ health }) => health.standing === 'due').length;
  pass(29_999);
  t.equal(due(), 0);
  pass(1_500);
  t.ok(due() >= 5 && due() <= 15, `${due()} of 20 after half of the jitter`);
  pass(1_501);
  t.equal(due(), 20);
});

t.test('an endpoint keeps its standing across updates, and one that comes back begins anew', async (t) => {
  const { pool, fail, standings } = scene(2);
  fail(0);
  list(pool, 3);
  t.same(standings(), ['ejected', 'good', 'good']);
  pool.update([{ host: '10.0.0.1', port: 80 }]);
  t.same([pool.ejected, pool.usable], [0, true]);
  list(pool, 2);
  t.same(standings(), ['good', 'good']);
});

t.test("what an endpoint that has gone does is nobody's concern", async (t) => {
  const { pool, at, standings } = scene(2);
  const gone = at(1);
  list(pool, 1);
  for (let i = 0; i < 10; i += 1) t.equal(pool.failed(gone, 0), null);
  t.equal(pool.answered(gone, 0), false);
  pool.untried(gone);
  t.same([standings(), pool.usable, pool.ejected], [['good'], true, 0]);
});

t.test('a sweep says when somebody is left out, or not any more', async (t) => {
  const { fail, pass, pool } = scene(2, {}, NO_JITTER);
  t.equal(pass(1), false);
  fail(0);
  t.equal(pass(1), true);
  t.equal(pass(1), false);
  t.equal(pass(30_000), true);
  t.equal(pool.ejected, 0);
});

t.test('a sweep says when others are left out, also when they are as many', async (t) => {
  const { fail, pass, pool } = scene(2, {}, NO_JITTER);
  fail(0);
  pass(1);
  t.same(pool.leftOut, ['10.0.0.0:80']);
  pool.update([{ host: '10.0.0.1', port: 80 }]);
  fail(0);
  t.equal(pass(1), true);
  t.same(pool.leftOut, ['10.0.0.1:80']);
  t.equal(pool.ejected, 1);
});

t.test('without ejection nobody is left out', async (t) => {
  const pool = new VersionPool('k', { maxIdle: 8 });
  list(pool, 1);
  const [only] = pool.endpoints;
  if (only === undefined) throw new Error('no endpoint');
  for (let i = 0; i < 100; i += 1) t.equal(pool.failed(only, i), null);
  t.equal(pool.usable, true);
});
