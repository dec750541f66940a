import t from 'tap';
import type { Row } from './judge.ts';
import { quantile } from './quantile.ts';
import { markdownTable, textTable } from './report.ts';

const ROW: Row = {
  scenario: 'canary',
  requests: 6000,
  failed: 0,
  faults: 3,
  repeated: 2,
  worstShare: { window: '25 %', hash: 'def', requests: 1000, count: 242, expected: 0.25, low: 206, high: 296 },
  headerMisses: 0,
  late: 0,
  splits: 8,
  convergenceMedian: 21.4,
  convergenceP95: 38,
  convergenceMax: 44.6,
  latencyP50: 1.26,
  latencyP99: 7.5,
};
const EMPTY: Row = {
  ...ROW,
  scenario: 'service contrast',
  worstShare: null,
  splits: 0,
  convergenceMedian: Number.NaN,
  convergenceP95: Number.NaN,
  convergenceMax: Number.NaN,
};

t.test('a row of the Markdown table holds the figures, and a dash where nothing was measured', async (t) => {
  const [, rule, first, second] = markdownTable([ROW, EMPTY]).split('\n');
  t.equal(rule, '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  t.equal(first, '| canary | 6000 | 0 | 3 | 2 | 24.2 for 25 % (20.6 to 29.6) | 0 | 0 | 8 | 21 / 38 / 45 | 1.3 / 7.5 |');
  t.equal(second, '| service contrast | 6000 | 0 | 3 | 2 | - | 0 | 0 | 0 | - / - / - | 1.3 / 7.5 |');
});

t.test('the columns of the text table are aligned', async (t) => {
  const lines = textTable([ROW, EMPTY]).split('\n');
  t.equal(new Set(lines.map((line) => line.length)).size, 1);
  t.match(lines[1], /^canary {14,}6000 /);
});

t.test('a quantile is the smallest value that so many do not exceed', async (t) => {
  const values = [5, 1, 4, 2, 3];
  t.equal(quantile(values, 0), 1);
  t.equal(quantile(values, 0.5), 3);
  t.equal(quantile(values, 0.6), 3);
  t.equal(quantile(values, 0.61), 4);
  t.equal(quantile(values, 1), 5);
  t.equal(quantile([7], 0.99), 7);
  t.ok(Number.isNaN(quantile([], 0.5)));
});
