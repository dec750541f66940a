import t from 'tap';
import { formatDuration } from '../../src/common/format-duration.ts';
import { parseDuration, parseSize } from '../../src/config/units.ts';

t.test('a duration with a unit becomes milliseconds', async (t) => {
  const cases: readonly [unknown, number][] = [
    ['250ms', 250],
    ['5s', 5000],
    ['1.5s', 1500],
    ['1.1s', 1100],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['0s', 0],
    [0, 0],
    ['0', 0],
  ];
  for (const [written, expected] of cases) t.equal(parseDuration(written), expected, String(written));
});

t.test('a duration without a unit, with an unknown one or below a millisecond is refused', async (t) => {
  t.throws(() => parseDuration(5), { message: 'has no unit: 5', remedy: 'write 5s or 5ms' });
  const cases: readonly [unknown, RegExp][] = [
    ['5', /is not a duration: "5"/],
    ['5 s', /is not a duration/],
    ['5d', /is not a duration/],
    ['-5s', /is not a duration/],
    ['', /is not a duration/],
    ['0.5ms', /not a whole number of milliseconds/],
    [true, /must be a duration, not the boolean true/],
    [null, /must be a duration, not empty/],
    [['5s'], /must be a duration, not a list/],
  ];
  for (const [written, message] of cases) t.throws(() => parseDuration(written), { message });
});

t.test('a size with a unit becomes bytes', async (t) => {
  const cases: readonly [unknown, number][] = [
    ['512B', 512],
    ['16KiB', 16_384],
    ['64KB', 64_000],
    ['64kB', 64_000],
    ['1MiB', 1_048_576],
    ['1.5KiB', 1536],
    ['1GiB', 1_073_741_824],
    [0, 0],
  ];
  for (const [written, expected] of cases) t.equal(parseSize(written), expected, String(written));
});

t.test('a size without a unit, with an unknown one or below a byte is refused', async (t) => {
  t.throws(() => parseSize(1024), { message: 'has no unit: 1024', remedy: 'write 1024B or 1024KiB' });
  const cases: readonly [unknown, RegExp][] = [
    ['1024', /is not a size/],
    ['16K', /is not a size/],
    ['16 KiB', /is not a size/],
    ['0.5B', /not a whole number of bytes/],
    [{}, /must be a size, not a map/],
    [undefined, /is missing/],
  ];
  for (const [written, message] of cases) t.throws(() => parseSize(written), { message });
});

t.test('a duration is written as a configuration has it', async (t) => {
  for (const text of ['0', '1ms', '250ms', '10s', '1m30s', '1h', '24h', '1h1m1s1ms']) {
    t.equal(formatDuration(parseDuration(text)), text);
  }
});
