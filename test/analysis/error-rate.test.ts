import t from 'tap';
import { verdictBet } from '../../src/analysis/statistics/bet.ts';
import type { Block } from '../../src/analysis/statistics/block.ts';
import { ErrorRateTest, judgeErrorRate } from '../../src/analysis/statistics/error-rate.ts';
import { attempts } from './lib/samples.ts';

const QUESTION = { margin: 0.01, alpha: 0.05 };
const CERTAIN = 20;

/** Equal blocks: what follows does not depend on chance. */
function repeated(count: number, candidate: [number, number], baseline: [number, number]): Block[] {
  return Array.from({ length: count }, () => attempts(candidate, baseline));
}

t.test('without blocks, or with none in which both had requests, nothing is said', async (t) => {
  for (const blocks of [[], repeated(50, [0, 0], [100, 1]), repeated(50, [100, 1], [0, 0])]) {
    const { estimate, interval, worse, notWorse, compared } = judgeErrorRate(blocks, QUESTION);
    t.same(
      { estimate, interval, worse, notWorse, compared },
      { estimate: null, interval: [-1, 1], worse: 1, notWorse: 1, compared: { candidate: 0, baseline: 0 } },
    );
  }
});

t.test('a candidate with five times the errors fails within a thousand requests of its own', async (t) => {
  const { worse, interval } = judgeErrorRate(repeated(10, [100, 5], [1900, 19]), QUESTION);
  t.ok(worse >= CERTAIN, String(worse));
  t.ok(interval[0] > 0, String(interval));
});

t.test('a candidate as good as the baseline passes, and its interval shrinks around 0', async (t) => {
  const wide = judgeErrorRate(repeated(10, [50, 1], [950, 19]), QUESTION);
  const narrow = judgeErrorRate(repeated(200, [50, 1], [950, 19]), QUESTION);
  t.ok(wide.notWorse < CERTAIN && narrow.notWorse >= CERTAIN, `${wide.notWorse}, ${narrow.notWorse}`);
  t.equal(narrow.worse, 1);
  t.equal(narrow.estimate, 0);
  for (const { interval } of [wide, narrow]) t.ok(interval[0] < 0 && interval[1] > 0, String(interval));
  t.ok(narrow.interval[1] < 0.01 && narrow.interval[1] < wide.interval[1] / 2);
});

t.test('an hour in which both versions fail ten times as often is no regression', async (t) => {
  // With the canary at 1 % in the quiet hours and at 50 % in the busy one, its pooled rate is far above the stable's.
  const blocks = [...repeated(30, [10, 0], [990, 10]), ...repeated(30, [500, 50], [500, 50])];
  const { worse, estimate } = judgeErrorRate(blocks, QUESTION);
  t.ok(worse < CERTAIN, String(worse));
  t.ok(Math.abs(estimate ?? 1) < 1e-3, String(estimate));
});

t.test(
  'a leak that begins after 300 good blocks fails within 600 requests, and what they earned does not last',
  async (t) => {
    const good = repeated(300, [50, 1], [950, 19]);
    t.ok(judgeErrorRate(good, QUESTION).notWorse >= CERTAIN);
    const late = judgeErrorRate([...good, ...repeated(12, [50, 5], [950, 19])], QUESTION);
    t.ok(late.worse >= CERTAIN, String(late.worse));
    const later = judgeErrorRate([...good, ...repeated(30, [50, 5], [950, 19])], QUESTION);
    t.ok(later.notWorse < CERTAIN, String(later.notWorse));
  },
);

t.test('once found, worse stays found', async (t) => {
  const bad = repeated(10, [100, 10], [1900, 19]);
  const found = judgeErrorRate(bad, QUESTION).worse;
  t.ok(judgeErrorRate([...bad, ...repeated(100, [100, 0], [1900, 19])], QUESTION).worse >= found);
});

t.test('few requests a block are joined, so that a quiet service is judged too', async (t) => {
  const quiet = Array.from({ length: 600 }, (_, i) => attempts([1, i % 4 === 0 ? 1 : 0], [2, 0]));
  t.ok(judgeErrorRate(quiet, QUESTION).worse >= CERTAIN);
  t.match(judgeErrorRate(quiet.slice(0, 3), QUESTION), { worse: 1, compared: { candidate: 0 } });
});

t.test('blocks of any size give finite numbers', async (t) => {
  for (const blocks of [
    repeated(20, [5000, 4500], [5000, 100]),
    repeated(400, [500_000, 500_000], [500_000, 0]),
    repeated(400, [500_000, 0], [500_000, 500_000]),
    repeated(400, [4, 4], [4, 4]),
  ]) {
    const { worse, notWorse, interval } = judgeErrorRate(blocks, QUESTION);
    for (const number of [worse, notWorse, ...interval]) t.ok(Number.isFinite(number), String(number));
    t.ok(interval[0] <= interval[1], String(interval));
  }
});

t.test('ten thousand good blocks, as many replicas have them, delay a leak hardly more than 400', async (t) => {
  const good = repeated(10_000, [50, 1], [950, 19]);
  const late = new ErrorRateTest(0.01, verdictBet('worse', 0.05));
  for (const block of [...good, ...repeated(8, [50, 5], [950, 19])]) late.add(block);
  t.ok(late.wealth.log >= Math.log(CERTAIN), String(late.wealth.log));
});
