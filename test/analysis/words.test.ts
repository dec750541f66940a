import t from 'tap';
import { type Finding, sentence } from '../../src/analysis/words.ts';

function said(metric: Finding['metric'], estimate: number | null, interval: readonly [number, number]): string {
  return sentence({ metric, candidate: '7f9b', baseline: '5d8c', margin: 0.2, evidence: { estimate, interval } });
}

t.test('a candidate beyond 16 times as slow is not said to be beyond comparison', async (t) => {
  t.equal(
    said('latency-p95', null, [15, Number.POSITIVE_INFINITY]),
    'the p95 of 7f9b is at least 1500 % longer than that of 5d8c, where 20 % is allowed',
  );
  t.equal(
    said('latency-distribution', null, [-1, -0.9375]),
    'the usual latency of 7f9b is at least 94 % shorter than that of 5d8c, where 20 % is allowed',
  );
});

t.test('the sentence says which way it is', async (t) => {
  t.equal(
    said('latency-p95', 0.35, [0.22, 0.51]),
    'the p95 of 7f9b is 35 % longer than that of 5d8c (+22 % to +51 %), where 20 % is allowed',
  );
  t.match(said('latency-p95', -0.1, [-0.2, 0.05]), 'the p95 of 7f9b is 10 % shorter than that of 5d8c (-20 % to +5 %)');
  t.match(said('latency-distribution', -0.1, [-0.2, 0.05]), '10 % less time than');
  t.match(said('error-rate', -0.01, [-0.02, 0]), '7f9b fails 1 point less often than 5d8c (-2 to 0 points)');
});

t.test('without anything to go by it says so', async (t) => {
  const nothing = '7f9b and 5d8c have no latency-p50 yet that can be compared';
  t.equal(said('latency-p50', null, [-1, Number.POSITIVE_INFINITY]), nothing);
});
