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

t.test('without anything to go by it says so', async (t) => {
  const nothing = '7f9b and 5d8c have no latency-p50 yet that can be compared';
  t.equal(said('latency-p50', null, [-1, Number.POSITIVE_INFINITY]), nothing);
});
