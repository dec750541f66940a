import fc from 'fast-check';
import t from 'tap';
import { SortedList } from '../../src/model/sorted-list.ts';

interface Item {
  readonly key: number;
}

const byKey = (a: Item, b: Item) => a.key - b.key;

t.test('whatever comes, changes and goes, few at a time or many, the list is what sorting all would give', async () => {
  const batches = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 60 }), { maxLength: 12 });
  fc.assert(
    fc.property(batches, (all) => {
      const list = new SortedList<Item>(byKey);
      const known = new Map<number, Item>();
      for (const keys of all) {
        for (const key of keys) {
          const before = known.get(key);
          // Every third that is there goes; another object of the same key takes the place of the others.
          const after = before !== undefined && key % 3 === 0 ? undefined : { key };
          list.change(before, after);
          if (after === undefined) known.delete(key);
          else known.set(key, after);
        }
        const expected = [...known.values()].sort(byKey);
        const { values } = list;
        if (values.length !== expected.length || values.some((value, i) => value !== expected[i])) return false;
      }
      return true;
    }),
  );
});

t.test('a list that nothing has changed is the same list, and one that was given out does not change', async (t) => {
  const [a, b] = [{ key: 1 }, { key: 2 }];
  const list = new SortedList(byKey, [b, a]);
  const before = list.values;
  t.equal(list.values, before);
  list.change(a, undefined);
  t.same(before, [a, b]);
  t.same(list.values, [b]);
});
