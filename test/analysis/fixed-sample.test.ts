import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Durations } from '../../src/analysis/statistics/block.ts';
import { mannWhitney } from '../../src/analysis/statistics/mann-whitney.ts';
import { quantileOfUpperTail, upperTail } from '../../src/analysis/statistics/normal.ts';
import { RunningQuantile } from '../../src/analysis/statistics/running-quantile.ts';
import { logEVariable, projection, type Rates, type Table } from '../../src/analysis/statistics/two-proportions.ts';
import { twoProportionsZ } from '../../src/analysis/statistics/two-proportions-z.ts';

/** Written by bench/analysis/reference.py. */
interface Reference {
  readonly mannWhitney: readonly { candidate: Durations; baseline: Durations; u: number; p: number }[];
  readonly upperTail: readonly { z: number; p: number }[];
  readonly twoProportions: readonly (Table & { z: number; p: number; newcombe: readonly [number, number] })[];
  readonly projections: readonly (Table & {
    alternative: Rates;
    difference: number;
    projection: number;
    log: number;
  })[];
  readonly quantiles: readonly (Durations & { q: number; bin: number })[];
}

const file = new URL('../fixtures/analysis/scipy.json', import.meta.url);
const scipy = JSON.parse(readFileSync(file, 'utf8')) as Reference;

function near(t: Test, found: number | undefined, wanted: number, precision = 1e-9): void {
  const error = Math.abs((found ?? Number.NaN) - wanted) / Math.max(Math.abs(wanted), 1e-300);
  t.ok(error <= precision || found === wanted, `${found} is ${wanted}`);
}

t.test('the normal tail is that of SciPy, also far out, and its inverse gives it back', async (t) => {
  for (const { z, p } of scipy.upperTail) near(t, upperTail(z), p, 1e-11);
  for (const p of [0.5, 0.4, 0.025, 1e-3, 1e-12]) near(t, upperTail(quantileOfUpperTail(p)), p);
  near(t, quantileOfUpperTail(0.025), 1.959963984540054);
});

t.test('Mann-Whitney gives the U and p of SciPy, with ties', async (t) => {
  for (const { candidate, baseline, u, p } of scipy.mannWhitney) {
    const found = mannWhitney(candidate, baseline);
    t.equal(found?.u, u);
    near(t, found?.p, p);
  }
});

t.test('Mann-Whitney of nothing is null, and of equal durations no evidence', async (t) => {
  const one = { bins: [5], counts: [9] };
  t.equal(mannWhitney({ bins: [], counts: [] }, one), null);
  t.equal(mannWhitney(one, { bins: [], counts: [] }), null);
  t.same(mannWhitney(one, one), { u: 40.5, p: 1 });
});

t.test('two proportions give the z, p and Newcombe interval of SciPy', async (t) => {
  for (const { newcombe, ...table } of scipy.twoProportions) {
    const found = twoProportionsZ(table, 0.05);
    near(t, found?.z, table.z);
    near(t, found?.p, table.p);
    near(t, found?.interval[0], newcombe[0]);
    near(t, found?.interval[1], newcombe[1]);
  }
});

t.test('two proportions of nothing are null, and without any event no evidence', async (t) => {
  const table = { candidate: 10, candidateEvents: 0, baseline: 10, baselineEvents: 0 };
  t.equal(twoProportionsZ({ ...table, candidate: 0 }, 0.05), null);
  t.equal(twoProportionsZ({ ...table, baseline: 0 }, 0.05), null);
  t.match(twoProportionsZ(table, 0.05), { z: 0, p: 0.5 });
});

t.test('the projection and the e-variable are those of SciPy', async (t) => {
  for (const { alternative, difference, projection: wanted, log, ...table } of scipy.projections) {
    near(t, projection(alternative, table.baseline, table.candidate, difference), wanted);
    near(t, logEVariable(table, alternative, difference), log);
  }
});

t.test('the running quantile begins with that of NumPy', async (t) => {
  for (const { q, bin, bins, counts } of scipy.quantiles) {
    const known = new RunningQuantile(q);
    known.add({ bins, counts });
    t.equal(known.limit?.bin, bin);
  }
});
