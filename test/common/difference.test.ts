import t from 'tap';
import { difference } from '../../src/common/difference.ts';

t.test('the difference of two lists is what only the one has and what only the other, wherever it is', async (t) => {
  for (const [before, after, gone, came] of [
    [[], [], [], []],
    [[1, 2, 3], [1, 2, 3], [], []],
    [[1, 2, 3], [1, 4, 3], [2], [4]],
    [[1, 2, 3], [0, 1, 2, 3], [], [0]],
    [[1, 2, 3], [3, 1, 2], [], []],
    [[1, 2, 3], [2], [1, 3], []],
    [[], [1], [], [1]],
  ] as const) {
    t.same(difference<number>(before, after), [new Set(gone), new Set(came)], `${before.join()} and ${after.join()}`);
  }
});
