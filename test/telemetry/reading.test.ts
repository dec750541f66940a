import t from 'tap';
import { newBlock } from '../../src/telemetry/blocks.ts';
import { DURATION_BIN_COUNT, durationBin } from '../../src/telemetry/duration-bins.ts';
import { BLOCK_LENGTH } from '../../src/telemetry/layout.ts';
import { binQuantile, readCounts } from '../../src/telemetry/reading.ts';
import { recordAttempt, recordOutcome } from '../../src/telemetry/record.ts';

function blocks(count: number) {
  return Array.from({ length: count }, () => newBlock(BLOCK_LENGTH));
}

/** Bins with these durations, in seconds. */
function binsOf(seconds: readonly number[]): Float64Array {
  const bins = new Float64Array(DURATION_BIN_COUNT);
  for (const one of seconds) bins[durationBin(one)] = (bins[durationBin(one)] ?? 0) + 1;
  return bins;
}

t.test('a series in which nothing was counted reads as zeros, and has no quantile', async (t) => {
  const { attempts, failures, bins } = readCounts({ labels: {}, blocks: blocks(2) });
  t.same([attempts, failures], [0, 0]);
  t.equal(bins.length, DURATION_BIN_COUNT);
  t.ok(Number.isNaN(binQuantile(bins, 0.5)));
});

t.test('the blocks of all workers are summed', async (t) => {
  const [one = newBlock(0), two = newBlock(0)] = blocks(2);
  recordAttempt(one, 'ok');
  recordAttempt(two, 'ok');
  recordAttempt(two, 'ok');
  recordAttempt(two, 'error');
  recordAttempt(two, 'refused');
  recordOutcome(one, 200, 100);
  recordOutcome(two, 502, 100);
  recordOutcome(two, 499, 100);
  const reading = readCounts({ labels: {}, blocks: [one, two] });
  t.same([reading.attempts, reading.failures], [5, 2]);
  t.equal(reading.bins[durationBin(0.1)], 3);
});

t.test("a reading's bins are its own: what is counted later does not change them", async (t) => {
  const [block = newBlock(0)] = blocks(1);
  const { bins } = readCounts({ labels: {}, blocks: [block] });
  recordOutcome(block, 200, 100);
  t.equal(bins[durationBin(0.1)], 0);
});

t.test('a quantile is right to 1.1 % over six orders of magnitude', async (t) => {
  let worst = 0;
  for (let exponent = -4.7; exponent < 1.8; exponent += 0.013) {
    const seconds = 10 ** exponent;
    const bins = binsOf([seconds]);
    for (const q of [0, 0.5, 0.99, 1]) worst = Math.max(worst, Math.abs(binQuantile(bins, q) / seconds - 1));
  }
  t.ok(worst < 0.011, String(worst));
});

t.test('a quantile lies where that share of the durations is not longer', async (t) => {
  const bins = binsOf(Array.from({ length: 1000 }, (_, index) => (index + 1) / 1000));
  const errors = [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 1].map((q) => Math.abs(binQuantile(bins, q) / q - 1));
  t.ok(Math.max(...errors) < 0.011, errors.join(' '));
});

t.test('a quantile passes over empty bins to where the next duration is', async (t) => {
  const bins = binsOf([0.001, 0.001, 10, 10]);
  t.ok(binQuantile(bins, 0.5) < 0.0011);
  t.ok(binQuantile(bins, 0.51) > 9.8);
});

t.test('a quantile among the durations beyond the last bound is that bound', async (t) => {
  t.equal(binQuantile(binsOf([100, 200]), 0.5), 64);
});

t.test('a quantile among the shortest durations lies between 0 and the first bound', async (t) => {
  const found = binQuantile(binsOf([0, 0]), 0.5);
  t.ok(found > 0 && found <= 2 ** -16, String(found));
});
