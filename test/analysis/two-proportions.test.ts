import t from 'tap';
import { logEVariable, projection } from '../../src/analysis/statistics/two-proportions.ts';
import { binomial } from './lib/samples.ts';

const RATES = [0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 0.99];
const DIFFERENCES = [-0.3, -0.02, 0, 0.01, 0.1, 0.5];
const SIZES = [
  [1, 1],
  [6, 2],
  [3, 9],
] as const;

/** The mean of the e-variable at a point, summed over every outcome. */
function mean(
  sizes: readonly [number, number],
  rates: [number, number],
  alternative: [number, number],
  difference: number,
) {
  const [baseline, candidate] = sizes;
  let sum = 0;
  for (let b = 0; b <= baseline; b++) {
    for (let c = 0; c <= candidate; c++) {
      const table = { baseline, baselineEvents: b, candidate, candidateEvents: c };
      const point = { baseline: alternative[0], candidate: alternative[1] };
      const e = Math.exp(logEVariable(table, point, difference));
      sum += binomial(baseline, b, rates[0]) * binomial(candidate, c, rates[1]) * e;
    }
  }
  return sum;
}

t.test('the e-variable has a mean of at most 1 at every point of the null hypothesis, on both sides', async (t) => {
  let worst = 0;
  for (const sizes of SIZES) {
    for (const difference of DIFFERENCES) {
      for (const b of RATES) {
        for (const c of RATES) {
          if (c === b + difference) continue;
          const more = c > b + difference;
          for (const rate of [0, ...RATES, 1]) {
            for (const away of [0, 0.01, 0.1, 0.4]) {
              const other = rate + difference + (more ? -away : away);
              if (other < 0 || other > 1) continue;
              worst = Math.max(worst, mean(sizes, [rate, other], [b, c], difference));
            }
          }
        }
      }
    }
  }
  t.ok(worst <= 1 + 1e-9, `largest mean ${worst}`);
  t.ok(worst > 0.999, `${worst}: on the line the mean of the best bets is 1`);
});

t.test('the e-variable grows under its own alternative', async (t) => {
  for (const sizes of SIZES) t.ok(mean(sizes, [0.05, 0.5], [0.05, 0.5], 0.1) > 1);
});

t.test('the projection is the point of the line that a fine grid finds', async (t) => {
  for (const difference of DIFFERENCES) {
    for (const alternative of [
      { baseline: 0.01, candidate: 0.03 },
      { baseline: 0.4, candidate: 0.02 },
      { baseline: 1e-5, candidate: 0.99 },
    ]) {
      const divergence = (b: number) =>
        90 * relativeEntropy(alternative.baseline, b) + 10 * relativeEntropy(alternative.candidate, b + difference);
      const low = Math.max(0, -difference);
      const high = Math.min(1, 1 - difference);
      const found = divergence(projection(alternative, 90, 10, difference));
      for (let i = 1; i < 2000; i++) {
        const other = divergence(low + ((high - low) * i) / 2000);
        if (other < found - 1e-12) t.fail(`${JSON.stringify(alternative)}, ${difference}: ${other} < ${found}`);
      }
      t.ok(Number.isFinite(found));
    }
  }
});

t.test('a version without a request in the block is no evidence', async (t) => {
  const alternative = { baseline: 0.01, candidate: 0.5 };
  t.equal(logEVariable({ candidate: 0, candidateEvents: 0, baseline: 9, baselineEvents: 9 }, alternative, 0), 0);
  t.equal(logEVariable({ candidate: 9, candidateEvents: 9, baseline: 0, baselineEvents: 0 }, alternative, 0), 0);
});

function relativeEntropy(p: number, q: number): number {
  return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
}

t.test('the example that the R package safestats publishes has the same e-value', async (t) => {
  // Its vignette on contingency tables, version 0.8.7: events in blocks of two and of one, with the priors Beta(0.18, 0.18)
  // and Beta(0.09, 0.09), whose posterior means are the bets on the next block.
  const a = '0100011100000020101122010111011020012111001010000000001000101102000101100000000';
  const b = '1110110110101110010000101110001001001100001100001110010000000110100111110111000';
  const seen = { a: 0.18, notA: 0.18, b: 0.09, notB: 0.09 };
  let log = 0;
  for (let i = 0; i < a.length; i++) {
    const baselineEvents = Number(a[i]);
    const candidateEvents = Number(b[i]);
    const alternative = { baseline: seen.a / (seen.a + seen.notA), candidate: seen.b / (seen.b + seen.notB) };
    log += logEVariable({ baseline: 2, baselineEvents, candidate: 1, candidateEvents }, alternative, 0);
    seen.a += baselineEvents;
    seen.notA += 2 - baselineEvents;
    seen.b += candidateEvents;
    seen.notB += 1 - candidateEvents;
  }
  t.equal(Math.exp(log).toFixed(4), '1.8097');
});
