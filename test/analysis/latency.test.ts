import t from 'tap';
import type { Block } from '../../src/analysis/statistics/block.ts';
import { judgeDistribution } from '../../src/analysis/statistics/distribution.ts';
import { judgeQuantile } from '../../src/analysis/statistics/quantile.ts';
import { marginShift } from '../../src/analysis/statistics/shift.ts';
import { DURATION_BIN_COUNT } from '../../src/telemetry/duration-bins.ts';
import { seededRandom } from '../routing/seeded-random.ts';
import { answered } from './lib/samples.ts';

const CERTAIN = 20;
const ALPHA = 0.05;
/** The judges of latency under one roof. */
const JUDGES = {
  p50: (blocks: Block[], margin: number) => judgeQuantile(blocks, { quantile: 0.5, margin, alpha: ALPHA }),
  p95: (blocks: Block[], margin: number) => judgeQuantile(blocks, { quantile: 0.95, margin, alpha: ALPHA }),
  distribution: (blocks: Block[], margin: number) => judgeDistribution(blocks, { margin, alpha: ALPHA }),
};

/** Around bin 700 (30 ms) or wherever the load puts it, the candidate shifted; triangular, some 50 bins wide. */
function blocks(
  count: number,
  sizes: [number, number],
  shift: number,
  load: (block: number) => number = () => 0,
): Block[] {
  const random = seededRandom(7);
  const draw = (block: number) => Math.round(700 + load(block) + 50 * (random() + random() - 1));
  return Array.from({ length: count }, (_, block) => ({
    candidate: answered(Array.from({ length: sizes[0] }, () => draw(block) + shift)),
    baseline: answered(Array.from({ length: sizes[1] }, () => draw(block))),
  }));
}

/** Where a candidate may fail, and pass. */
function shifts(margin: number): number[] {
  return [marginShift(margin, { evidenceOf: 'worse' }), marginShift(margin, { evidenceOf: 'better' })];
}

/** Every request of a version in one bin. */
function constant(candidate: number, baseline: number): Block[] {
  const block = (bin: number) => answered(Array.from({ length: 20 }, () => bin));
  return Array.from({ length: 50 }, () => ({ candidate: block(candidate), baseline: block(baseline) }));
}

t.test('a candidate half as slow again fails with a margin of 20 %, and its interval holds the 50 %', async (t) => {
  const slower = blocks(60, [20, 180], Math.round(64 * Math.log2(1.5)));
  for (const [name, judge] of Object.entries(JUDGES)) {
    const { worse, notWorse, estimate, interval } = judge(slower, 0.2);
    t.ok(worse >= CERTAIN, `${name}: ${worse}`);
    t.ok(notWorse < 1, `${name}: ${notWorse}`);
    t.ok(Math.abs((estimate ?? 0) - 0.5) < 0.1, `${name}: ${estimate}`);
    t.ok(interval[0] > 0.2 && interval[0] < 0.5 && interval[1] > 0.5 && interval[1] < 1, `${name}: ${interval.join()}`);
  }
});

t.test('once found, worse stays found', async (t) => {
  const slower = blocks(15, [5, 45], 32);
  for (const [name, judge] of Object.entries(JUDGES)) {
    const found = judge(slower, 0.2).worse;
    const after = judge([...slower, ...blocks(300, [5, 45], -20)], 0.2).worse;
    t.ok(found >= CERTAIN && after === found, `${name}: ${found}, ${after}`);
  }
});

t.test('the interval of a candidate five times as slow holds that', async (t) => {
  for (const [name, judge] of Object.entries(JUDGES)) {
    const { estimate, interval } = judge(blocks(30, [20, 180], Math.round(64 * Math.log2(5))), 0.2);
    t.ok(Math.abs((estimate ?? 0) - 4) < 0.2, `${name}: ${estimate}`);
    t.ok(interval[0] > 3 && interval[0] < 4 && interval[1] > 4 && interval[1] < 5, `${name}: ${interval.join()}`);
  }
});

t.test('a quantile is compared from the second block on: the first only tells where to look', async (t) => {
  const { compared } = judgeQuantile(blocks(5, [20, 180], 0), { quantile: 0.95, margin: 0.2, alpha: ALPHA });
  t.strictSame(compared, { candidate: 80, baseline: 720 });
});

t.test('a candidate as fast as the baseline passes', async (t) => {
  const equal = blocks(200, [20, 180], 0);
  for (const [name, judge] of Object.entries(JUDGES)) {
    const { worse, notWorse, interval } = judge(equal, 0.2);
    t.ok(notWorse >= CERTAIN && worse < CERTAIN, `${name}: ${notWorse}, ${worse}`);
    t.ok(interval[0] <= 0 && interval[1] >= 0 && interval[1] < 0.2, `${name}: ${interval.join()}`);
  }
});

t.test('a candidate slower by exactly the margin neither fails nor passes', async (t) => {
  const margin = 2 ** (16 / 64) - 1;
  t.same(shifts(margin), [16, 16]);
  const slower = blocks(200, [20, 180], 16);
  for (const [name, judge] of Object.entries(JUDGES)) {
    const { worse, notWorse } = judge(slower, margin);
    t.ok(worse < CERTAIN && notWorse < CERTAIN, `${name}: ${worse}, ${notWorse}`);
  }
});

t.test('a margin between two bins is rounded to the candidate side for a fail, to the other for a pass', async (t) => {
  t.same(shifts(0.2), [17, 16]);
  t.same(shifts(0), [0, 0]);
  t.same(shifts(1), [64, 64]);
});

t.test('an hour in which both versions take twice as long is no regression, whatever the weights', async (t) => {
  const quiet = blocks(40, [10, 190], 0);
  const busy = blocks(40, [100, 100], 0, () => 64);
  for (const [name, judge] of Object.entries(JUDGES)) {
    const { worse, estimate } = judge([...quiet, ...busy], 0);
    t.ok(worse < CERTAIN, `${name}: ${worse}`);
    t.ok(Math.abs(estimate ?? 1) < 0.05, `${name}: ${estimate}`);
  }
  const pooled = judgeDistribution([...quiet, ...busy], { margin: 0, alpha: ALPHA }).fixedSample;
  t.ok((pooled?.p ?? 1) < 1e-6, 'which the classical test on all durations takes for one');
});

t.test('ties do no harm: most answers in one bin, as from a cache', async (t) => {
  const random = seededRandom(3);
  const draw = (slow: number) => (random() < 0.9 ? 300 : 700 + slow);
  const make = (slow: number): Block[] =>
    Array.from({ length: 100 }, () => ({
      candidate: answered(Array.from({ length: 40 }, () => draw(slow))),
      baseline: answered(Array.from({ length: 160 }, () => draw(0))),
    }));
  for (const [name, judge] of Object.entries(JUDGES)) {
    t.ok(judge(make(0), 0.1).worse < CERTAIN, name);
  }
  t.ok(JUDGES.p95(make(64), 0.1).worse >= CERTAIN, 'p95 sees the tenth that takes twice as long');
  for (const [name, judge] of Object.entries(JUDGES)) t.ok(judge(constant(300, 300), 0.2).notWorse >= CERTAIN, name);
  t.match(JUDGES.distribution(constant(300, 300), 0.2), { slower: 0.5, worse: 1 });
});

t.test(
  'where all answers of the baseline take the same time, a tail counts for the quantiles that it reaches',
  async (t) => {
    const tailed = (share: number) =>
      Array.from({ length: 100 }, () => ({
        candidate: answered(Array.from({ length: 100 }, (_, i) => (i < 100 * share ? 900 : 700))),
        baseline: answered(Array.from({ length: 400 }, () => 700)),
      }));
    const p95 = (share: number) => JUDGES.p95(tailed(share), 0.2);
    t.ok(p95(0.03).worse < CERTAIN, 'a tail of 3 % is none of the p95');
    t.ok(p95(0.03).notWorse >= CERTAIN);
    t.ok(Math.abs(p95(0.03).estimate ?? 1) < 0.011, `${p95(0.03).estimate}`);
    t.ok(p95(0.1).worse >= CERTAIN, 'one of 10 % is');
    t.ok(p95(0.1).notWorse < 1);
    t.ok(Math.abs((p95(0.1).estimate ?? 0) - (2 ** (200 / 64) - 1)) < 0.1, `${p95(0.1).estimate}`);
    t.ok(JUDGES.p50(tailed(0.1), 0.2).notWorse >= CERTAIN);
  },
);

t.test('without blocks nothing is said', async (t) => {
  for (const judge of Object.values(JUDGES)) {
    t.match(judge([], 0.2), { estimate: null, interval: [-1, Number.POSITIVE_INFINITY], worse: 1, notWorse: 1 });
  }
  t.match(judgeDistribution([], { margin: 0, alpha: ALPHA }), { slower: null, fixedSample: null });
});

t.test('durations at both ends of the scale are judged as any', async (t) => {
  const last = DURATION_BIN_COUNT - 1;
  for (const [name, judge] of Object.entries(JUDGES)) {
    t.ok(judge(constant(last, 0), 0.2).worse >= CERTAIN, `${name}: all time out`);
    t.ok(judge(constant(0, last), 0.2).notWorse >= CERTAIN, `${name}: the baseline times out`);
    t.ok(judge(constant(last, last), 0.2).worse < CERTAIN, `${name}: both time out`);
  }
});
