import t from 'tap';
import { SLAB_BYTES, slabs } from '../../src/upstream/slabs.ts';

const small = () => Buffer.allocUnsafeSlow(SLAB_BYTES);

t.test('a worker has so many large slabs and no more: who comes then goes on with a small one', async (t) => {
  const large: Buffer[] = [];
  for (;;) {
    const slab = small();
    const grown = slabs.grow(slab);
    if (grown === slab) break;
    t.equal(slabs.grow(grown), grown, 'a large one does not grow');
    large.push(grown);
  }
  const bytes = large.reduce((sum, { length }) => sum + length, 0);
  t.ok(bytes > 16 * 2 ** 20 && bytes < 17 * 2 ** 20, `${bytes} bytes`);
  const [first = small(), second = small()] = large;
  slabs.give(first);
  t.equal(slabs.grow(small()), first, 'one that was given back serves again');
  slabs.lose(second);
  t.ok(slabs.grow(small()).length > SLAB_BYTES, 'one that was lost is made anew');
  const last = small();
  t.equal(slabs.grow(last), last);
});
