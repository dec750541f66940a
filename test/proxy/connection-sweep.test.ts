import t from 'tap';
import { ConnectionSweep } from '../../src/proxy/connection-sweep.ts';
import { turn } from '../lib/raw-peer.ts';

/** So many connections of which each has work or not; `swept` counts for each how often it was looked at. */
function connections(count: number, work: (index: number) => boolean) {
  const swept = new Array<number>(count).fill(0);
  const all = swept.map((_, index) => ({
    sweep: () => {
      swept[index] = (swept[index] ?? 0) + 1;
      return work(index);
    },
  }));
  const sweep = new ConnectionSweep(new Set(all), () => 0);
  return { swept, sweep, total: () => swept.reduce((sum, times) => sum + times, 0) };
}

t.test('connections without work are all looked at in one go', async (t) => {
  const { swept, sweep } = connections(10_000, () => false);
  sweep.begin();
  t.ok(swept.every((times) => times === 1));
});

t.test('many connections with work are looked at in slices, between which others have their turn', async (t) => {
  const { swept, sweep, total } = connections(100, () => true);
  sweep.begin();
  const begun = total();
  t.ok(begun > 0 && begun < 100, String(begun));
  // One that is under way is not begun again.
  sweep.begin();
  t.equal(total(), begun);
  for (let i = 0; i < 10; i += 1) await turn();
  t.ok(swept.every((times) => times === 1));
  sweep.begin();
  t.equal(total(), 100 + begun);
});

t.test('a connection whose sweep fails does not end all sweeps', async (t) => {
  let fails = true;
  const { sweep, total } = connections(3, () => {
    if (fails) throw new Error('a bug');
    return true;
  });
  t.throws(() => sweep.begin(), { message: 'a bug' });
  t.equal(total(), 1);
  fails = false;
  sweep.begin();
  t.equal(total(), 4);
});
