import t from 'tap';
import { RunningQuantile } from '../../src/analysis/statistics/running-quantile.ts';
import { durations } from './lib/samples.ts';

/** A hundred bins, one duration each. */
const hundred = (from: number) => durations(Array.from({ length: 100 }, (_, i) => from + i));

t.test('of the bin in which it lies just so much is beyond that the share is right', async (t) => {
  const known = new RunningQuantile(0.95);
  t.equal(known.limit, null);
  known.add({ bins: [100], counts: [40] });
  t.match(known.limit, { bin: 100 });
  t.ok(Math.abs((known.limit?.part ?? 0) - 0.05) < 1e-6);
  known.add({ bins: [100, 500], counts: [57, 3] });
  t.match(known.limit, { bin: 100 });
  t.ok(Math.abs((known.limit?.part ?? 0) - 2 / 97) < 1e-6);
});

t.test('it follows a busy hour: what is older weighs less, however much there was of it', async (t) => {
  const known = new RunningQuantile(0.95);
  for (let block = 0; block < 2_000; block++) known.add(hundred(500));
  t.equal(known.limit?.bin, 594);
  for (let block = 0; block < 120; block++) known.add(hundred(700));
  t.ok((known.limit?.bin ?? 0) >= 785, `${known.limit?.bin}`);
});

t.test('it stays right when weights have grown beyond what is kept, again and again', async (t) => {
  const known = new RunningQuantile(0.5);
  const many = { bins: [600, 640, 680], counts: [1e6, 1e6, 1e6] };
  for (let block = 0; block < 40; block++) {
    known.add(many);
    known.add({ bins: [900], counts: [1] });
    if (known.limit?.bin !== 640) t.fail(`${known.limit?.bin} after block ${block}`);
  }
  for (let block = 0; block < 40; block++) known.add({ bins: [300, 310], counts: [1e6, 2e6] });
  t.equal(known.limit?.bin, 310);
  known.add({ bins: [900], counts: [1] });
  t.equal(known.limit?.bin, 310);
});
