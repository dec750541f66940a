import t from 'tap';
import { acceptance } from './binomial.ts';

/** The acceptance region by integers alone: p = numerator / denominator, tail = 1 / tails. */
function exact(n: number, numerator: bigint, denominator: bigint, tails: bigint): { low: number; high: number } {
  const terms: bigint[] = [];
  let choose = 1n;
  for (let k = 0n; k <= BigInt(n); k += 1n) {
    terms.push(choose * numerator ** k * (denominator - numerator) ** (BigInt(n) - k));
    choose = (choose * (BigInt(n) - k)) / (k + 1n);
  }
  const whole = denominator ** BigInt(n);
  const lowest = (ordered: readonly bigint[]) => {
    let sum = 0n;
    return ordered.findIndex((term) => {
      sum += term;
      return sum * tails > whole;
    });
  };
  return { low: lowest(terms), high: n - lowest(terms.toReversed()) };
}

t.test('the region is the one that integer arithmetic gives', async (t) => {
  for (const n of [1, 2, 7, 20, 100, 333, 700]) {
    for (const percent of [1, 5, 10, 25, 33, 50, 75, 90, 99]) {
      const expected = exact(n, BigInt(percent), 100n, 2000n);
      t.same(acceptance(n, percent / 100, 0.001), expected, `n ${n}, ${percent} %`);
    }
  }
});

t.test(
  'the region is that of the tables: ten tosses of a coin at 5 % are 2 to 8, twenty at 1 % are 4 to 16',
  async (t) => {
    t.same(acceptance(10, 0.5, 0.05), { low: 2, high: 8 });
    t.same(acceptance(20, 0.5, 0.01), { low: 4, high: 16 });
  },
);

t.test('a count is accepted exactly when its Clopper-Pearson interval holds p', async (t) => {
  // The interval of 0 of n ends at 1 - (alpha / 2)^(1 / n), that of n of n begins at (alpha / 2)^(1 / n).
  const bound = 1 - 0.0005 ** (1 / 100);
  t.equal(acceptance(100, bound - 1e-9, 0.001).low, 0);
  t.equal(acceptance(100, bound + 1e-9, 0.001).low, 1);
  t.equal(acceptance(100, 1 - bound + 1e-9, 0.001).high, 100);
  t.equal(acceptance(100, 1 - bound - 1e-9, 0.001).high, 99);
});

t.test('0 and 1 allow nothing but none and all', async (t) => {
  t.same(acceptance(500, 0, 0.001), { low: 0, high: 0 });
  t.same(acceptance(500, 1, 0.001), { low: 500, high: 500 });
});

t.test('large numbers do not underflow: the region is near the normal one', async (t) => {
  const { low, high } = acceptance(100_000, 0.5, 0.001);
  // 3.2905 standard deviations of 158.11 each.
  t.ok(Math.abs(low - (50_000 - 520.3)) < 2, `${low}`);
  t.ok(Math.abs(high - (50_000 + 520.3)) < 2, `${high}`);
});

t.test('arguments out of range are refused', async (t) => {
  for (const [n, p, alpha] of [
    [-1, 0.5, 0.1],
    [1.5, 0.5, 0.1],
    [1, 1.1, 0.1],
    [1, Number.NaN, 0.1],
    [1, 0.5, 0],
  ] as const) {
    t.throws(() => acceptance(n, p, alpha), RangeError);
  }
});
