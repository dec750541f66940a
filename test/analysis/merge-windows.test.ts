import t from 'tap';
import { mergedState, mergeWindows } from '../../src/analysis/merge-windows.ts';
import type { PairWindow } from '../../src/analysis/window.ts';

/** Of a replica: blocks by their ends in seconds, each with so many attempts. */
function window(
  name: string,
  start: number,
  blocks: readonly (readonly [end: number, attempts: number])[],
): PairWindow {
  const pairs = blocks.map(([end, attempts]) => {
    const sample = { attempts, failures: 1, durations: { bins: [attempts], counts: [1] } };
    return { end: end * 1000, candidate: sample, baseline: sample };
  });
  return {
    name,
    count: pairs.length,
    start: start * 1000,
    end: pairs.at(-1)?.end ?? null,
    pairs: () => pairs,
  };
}

const seen = (windows: readonly PairWindow[], now: number) =>
  mergeWindows(windows, now * 1000).map(({ end, candidate }) => [end / 1000, candidate.attempts]);

t.test('one replica’s blocks stay as they are', async (t) => {
  t.strictSame(
    seen(
      [
        window('a', 0, [
          [5, 10],
          [10, 20],
        ]),
      ],
      10,
    ),
    [
      [5, 10],
      [10, 20],
    ],
  );
  t.strictSame(seen([], 10), []);
});

t.test('what replicas did in the same stretch of time is one block', async (t) => {
  const windows = [
    window('a', 0, [
      [5, 10],
      [10, 20],
      [15, 30],
    ]),
    window('b', 2, [
      [7, 1],
      [12, 2],
      [17, 3],
    ]),
  ];
  t.strictSame(seen(windows, 20), [
    [5, 10],
    [10, 21],
    [15, 32],
    [17, 3],
  ]);
  t.match(mergeWindows(windows, 20_000)[1], {
    candidate: { attempts: 21, failures: 2, durations: { bins: [1, 20], counts: [1, 1] } },
  });
});

t.test('the stretch that goes on is left out, so that no block ever changes', async (t) => {
  const early = seen(
    [
      window('a', 0, [
        [5, 10],
        [10, 20],
      ]),
      window('b', 2, [[7, 1]]),
    ],
    11,
  );
  const late = seen(
    [
      window('a', 0, [
        [5, 10],
        [10, 20],
      ]),
      window('b', 2, [
        [7, 1],
        [12, 2],
      ]),
    ],
    12,
  );
  t.strictSame(early, [
    [5, 10],
    [10, 21],
  ]);
  t.strictSame(late, early);
  const between = seen([window('a', 0, [[5, 10]]), window('b', 2, [[7, 1]])], 9);
  t.strictSame(between, [[5, 10]]);
});

t.test('the state changes with what is merged, and with nothing else', async (t) => {
  const a = window('a', 0, [[5, 10]]);
  const b = window('b', 2, [[7, 1]]);
  t.equal(mergedState([a, b], 7_000), mergedState([a, b], 9_999));
  t.not(mergedState([a, b], 9_999), mergedState([a, b], 10_000));
  t.not(mergedState([a, b], 7_000), mergedState([a, window('c', 2, [[7, 1]])], 7_000));
  t.not(
    mergedState([a], 7_000),
    mergedState(
      [
        window('a', 0, [
          [5, 10],
          [10, 3],
        ]),
      ],
      7_000,
    ),
  );
  t.equal(mergedState([], 7_000), '');
});

t.test('ten replicas over a day make no more blocks than one', async (t) => {
  const windows = Array.from({ length: 10 }, (_, i) => {
    const blocks: [number, number][] = [];
    for (let end = i + 5; end < 86_400; end += Math.max(5, 0.02 * (end - i))) blocks.push([end, 1]);
    return window(String(i), i, blocks);
  });
  t.ok(mergeWindows(windows, 86_400_000).length <= 346);
});
