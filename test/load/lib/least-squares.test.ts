import t from 'tap';
import { slope } from './least-squares.ts';

t.test('the slope of points on a line is that of the line', async (t) => {
  t.equal(
    slope([
      [0, 5],
      [1, 8],
      [2, 11],
    ]),
    3,
  );
  t.equal(
    slope([
      [0, 7],
      [10, 7],
    ]),
    0,
  );
});

t.test('points off the line pull at it by their squares', async (t) => {
  t.equal(
    slope([
      [0, 0],
      [1, 3],
      [2, 0],
    ]),
    0,
  );
  t.equal(
    slope([
      [0, 0],
      [1, 0],
      [2, 3],
    ]),
    1.5,
  );
});
