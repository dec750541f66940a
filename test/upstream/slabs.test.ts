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
  for (const slab of large.slice(2)) slabs.give(slab);
});

t.test('large slabs that nobody has needed for a while are let go of', async (t) => {
  slabs.trim();
  const used = slabs.grow(small());
  slabs.give(used);
  slabs.trim();
  t.equal(slabs.grow(small()), used, 'one was in use within the time');
  slabs.give(used);
  slabs.trim();
  slabs.trim();
  const anew = Array.from({ length: 62 }, () => slabs.grow(small()));
  t.notOk(anew.includes(used));
  t.equal(new Set(anew).size, 62);
  t.ok(
    anew.every(({ length }) => length > SLAB_BYTES),
    'and others may be made for them',
  );
});
