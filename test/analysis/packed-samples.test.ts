import fc from 'fast-check';
import t from 'tap';
import { NO_SAMPLE, packSamples, unpackSamples } from '../../src/analysis/packed-samples.ts';
import type { Sample } from '../../src/analysis/statistics/block.ts';
import { DURATION_BIN_COUNT } from '../../src/telemetry/duration-bins.ts';

const sample = fc
  .record({
    attempts: fc.integer({ min: 1, max: 2 ** 40 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    bins: fc.uniqueArray(fc.integer({ min: 0, max: DURATION_BIN_COUNT - 1 }), { maxLength: 200 }),
    count: fc.integer({ min: 1, max: 2 ** 33 }),
  })
  .map(
    ({ attempts, share, bins, count }): Sample => ({
      attempts,
      failures: Math.floor(attempts * share),
      durations: { bins: bins.sort((a, b) => a - b), counts: bins.map((_, i) => count + i) },
    }),
  );

t.test('what is packed comes back as it was, from whatever place', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.option(sample, { nil: undefined }), { maxLength: 5 }), (samples) => {
      const places = [...samples.keys()].toReversed();
      const wanted = places.map((place) => samples[place] ?? NO_SAMPLE);
      t.strictSame(unpackSamples(packSamples(samples), places), wanted);
    }),
    { numRuns: 50, seed: 6 },
  );
  t.strictSame(unpackSamples(packSamples([]), [0, 7]), [NO_SAMPLE, NO_SAMPLE]);
});

t.test('bytes that nobody has packed are refused, and never take long', async (t) => {
  const refused = (bytes: number[]) => {
    try {
      unpackSamples(Uint8Array.from(bytes), [0]);
      return null;
    } catch (error) {
      return error instanceof RangeError ? error.message : error;
    }
  };
  t.equal(refused([0, 1, 0, 255, 255, 255, 127]), 'a number ends with the bytes');
  t.equal(refused([0, 1, 2, 0]), 'more failures than attempts');
  t.equal(refused([0, 2, 0, 2, 5, 1, 0, 1]), 'a bin twice');
  t.equal(refused([0, 2, 0, 1, 255, 255, 1, 1]), 'no such bin');
  t.equal(refused([0, 255, 255, 255, 255, 255, 255, 255, 255, 255]), 'a number is too large');
});
