import t from 'tap';
import { RankProcess } from '../../src/analysis/statistics/rank-process.ts';
import { rankSum } from '../../src/analysis/statistics/rank-sum.ts';
import { answered, durations } from './lib/samples.ts';

const STILL = { share: 0, limit: Number.POSITIVE_INFINITY };

/** All ways to choose the candidate's `size` of the pool. */
function* divisions(pool: readonly number[], size: number): Generator<[number[], number[]]> {
  const chosen = (1 << pool.length) >>> 0;
  for (let mask = 0; mask < chosen; mask++) {
    const candidate = pool.filter((_, i) => (mask >> i) & 1);
    if (candidate.length === size) yield [candidate, pool.filter((_, i) => !((mask >> i) & 1))];
  }
}

/** The mean of the capital over every division of a block's durations, after an earlier block from which it learned. */
function mean(pool: readonly number[], size: number, evidenceOf: 'worse' | 'better', faster = 0): number {
  let sum = 0;
  let count = 0;
  for (const [candidate, baseline] of divisions(pool, size)) {
    const process = new RankProcess({ evidenceOf, ...STILL });
    process.add({ u: evidenceOf === 'worse' ? 2000 : 500, candidate: 50, baseline: 50 });
    const before = process.wealth.log;
    process.add(rankSum(durations(candidate), durations(baseline), faster));
    sum += Math.exp(process.wealth.log - before);
    count += 1;
  }
  return sum / count;
}

t.test('over all divisions of a block the mean is at most 1, with ties and without, for either side', async (t) => {
  const pools = [
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 9, 9],
    [4, 4, 4, 4, 4, 4, 4, 4],
    [1, 9],
  ];
  for (const pool of pools) {
    for (const size of [1, 2, Math.ceil(pool.length / 2), pool.length - 1]) {
      for (const evidenceOf of ['worse', 'better'] as const) {
        const found = mean(pool, size, evidenceOf);
        t.ok(found <= 1 + 1e-12, `${found} for ${size} of ${pool.join(' ')}`);
      }
    }
  }
  const whole = mean([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 6, 'worse');
  t.ok(whole > 0.85, `and little is given away: ${whole}`);
});

t.test('a faster candidate makes evidence of slowness smaller', async (t) => {
  const pool = [1, 2, 3, 4, 5, 6, 7, 8];
  t.ok(mean(pool, 4, 'worse', 3) < mean(pool, 4, 'worse', 1));
  t.ok(mean(pool, 4, 'worse', 1) < mean(pool, 4, 'worse', 0));
});

t.test('U counts pairs, equal ones as half, the candidate shifted', async (t) => {
  const candidate = durations([5, 7, 7, 20]);
  const baseline = durations([5, 6, 7, 30]);
  t.same(rankSum(candidate, baseline, 0), { u: 0.5 + 2.5 + 2.5 + 3, candidate: 4, baseline: 4 });
  t.same(rankSum(candidate, baseline, 2), { u: 0 + 0.5 + 0.5 + 3, candidate: 4, baseline: 4 });
  t.same(rankSum(candidate, durations([]), 0), { u: 0, candidate: 4, baseline: 0 });
});

t.test('blocks in which a version answered nothing change nothing', async (t) => {
  const process = new RankProcess({ evidenceOf: 'worse', ...STILL });
  process.add(rankSum(answered([5]).durations, answered([]).durations, 0));
  process.add(rankSum(answered([]).durations, answered([5]).durations, 0));
  t.equal(process.wealth.log, 0);
});
