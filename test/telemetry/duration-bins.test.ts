import fc from 'fast-check';
import t from 'tap';
import { DURATION_BIN_COUNT, durationBin, durationBinBound } from '../../src/telemetry/duration-bins.ts';

t.test('a duration lies within the bounds of its bin, which are 1.1 % apart', async (t) => {
  const seconds = fc.double({ min: 2 ** -15, max: 64, noNaN: true });
  const property = fc.property(seconds, (value) => {
    const bin = durationBin(value);
    // The logarithm of a bound itself may be off by its last digit.
    const upper = durationBinBound(bin) * (1 + 1e-12);
    const lower = durationBinBound(bin - 1) * (1 - 1e-12);
    return value <= upper && value >= lower && upper / lower < 1.011;
  });
  t.doesNotThrow(() => fc.assert(property));
});

t.test('what is too short, too long or no duration at all has a bin, too', async (t) => {
  for (const value of [0, 1e-9, 2 ** -16, -1, Number.NaN]) t.equal(durationBin(value), 0, String(value));
  for (const value of [64.1, 1e9, Number.POSITIVE_INFINITY]) t.equal(durationBin(value), DURATION_BIN_COUNT - 1);
  t.equal(durationBin(64), DURATION_BIN_COUNT - 2);
  t.equal(durationBinBound(DURATION_BIN_COUNT - 1), Number.POSITIVE_INFINITY);
});
