import t from 'tap';
import { usableWindows } from './usable-windows.ts';

const WINDOW = { name: 'canary', from: 10_000, until: 20_000 };

function interval(usableFrom: number, unusableAt: number | null, hash = 'abc') {
  return { pod: `${hash}-${usableFrom}`, hash, usableFrom, unusableAt };
}

t.test('a version is usable from its first Pod to its last, within the window', async (t) => {
  const pods = [interval(9000, 12_000), interval(11_000, 14_000), interval(11_500, 13_000), interval(16_000, null)];
  t.same(usableWindows(WINDOW, 'abc', pods), [
    { name: 'canary', from: 10_000, until: 14_000 },
    { name: 'canary', from: 16_000, until: 20_000 },
  ]);
});

t.test("other versions' Pods and times outside the window count for nothing", async (t) => {
  const pods = [interval(1000, 9000), interval(21_000, null), interval(9000, null, 'def')];
  t.same(usableWindows(WINDOW, 'abc', pods), []);
});

t.test('a moment too short for a request that lies within it is left out', async (t) => {
  t.same(usableWindows(WINDOW, 'abc', [interval(12_000, 12_400)]), []);
});
