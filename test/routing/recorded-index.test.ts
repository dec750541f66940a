import t from 'tap';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import type { Kind } from '../../src/routing/object-index.ts';
import { RecordedIndex, readsHold } from '../../src/routing/recorded-index.ts';
import { SnapshotIndex } from '../../src/routing/snapshot-index.ts';
import { pod, rollout } from './builders.ts';

/** Says what was looked up again. */
class CountingIndex extends SnapshotIndex {
  readonly lookups: string[] = [];

  override list(kind: Kind, key: string): readonly never[] {
    this.lookups.push(`${kind} ${key}`);
    return super.list(kind, key) as readonly never[];
  }
}

function webAndOther(): SnapshotStore {
  const store = new SnapshotStore();
  for (const name of ['web', 'other']) store.apply('ADDED', rollout({ name }));
  for (const n of [1, 2]) store.apply('ADDED', pod({ n, hash: 'A' }));
  return store;
}

t.test('what was computed holds until what it looked up changes, and nothing else is looked at', async (t) => {
  const store = webAndOther();
  const first = new SnapshotIndex(store.snapshot(), null);
  const recorded = new RecordedIndex(first);
  t.equal(recorded.rolloutsNamed('web').length, 1);
  t.equal(recorded.list('pods', 'shop/web-A').length, 2);
  t.equal(recorded.list('pods', 'shop/web-B').length, 0);
  store.apply('MODIFIED', rollout({ name: 'other', spec: { replicas: 9 } }));
  const second = new CountingIndex(store.snapshot(), first);
  t.equal(readsHold(recorded.reads, second), true);
  t.same(second.lookups, []);
  store.apply('MODIFIED', rollout({ name: 'web', spec: { replicas: 9 } }));
  const third = new CountingIndex(store.snapshot(), second);
  t.equal(readsHold(recorded.reads, third), false);
  t.same(third.lookups, ['rollouts web']);
});

t.test('Pods of a ReplicaSet that had none are another list', async (t) => {
  const store = webAndOther();
  const first = new SnapshotIndex(store.snapshot(), null);
  const recorded = new RecordedIndex(first);
  t.equal(recorded.list('pods', 'shop/web-B').length, 0);
  store.apply('ADDED', pod({ n: 3, hash: 'A' }));
  const second = new SnapshotIndex(store.snapshot(), first);
  t.equal(readsHold(recorded.reads, second), true);
  store.apply('ADDED', pod({ n: 4, hash: 'B' }));
  t.equal(readsHold(recorded.reads, new SnapshotIndex(store.snapshot(), second)), false);
});

t.test('of a snapshot that was missed nobody knows what has changed, so that all is looked up again', async (t) => {
  const store = webAndOther();
  const first = new SnapshotIndex(store.snapshot(), null);
  const recorded = new RecordedIndex(first);
  t.equal(recorded.list('pods', 'shop/web-A').length, 2);
  store.apply('MODIFIED', pod({ n: 1, hash: 'A', ready: false }));
  store.snapshot();
  store.apply('MODIFIED', pod({ n: 1, hash: 'B' }));
  const third = new SnapshotIndex(store.snapshot(), first);
  t.equal(third.changes, null);
  t.equal(readsHold(recorded.reads, third), false);
});

t.test('a thousand look-ups and a thousand changes cost no million comparisons', async (t) => {
  const store = new SnapshotStore();
  const names = Array.from({ length: 1000 }, (_, i) => `app-${i}`);
  for (const owner of names) store.apply('ADDED', pod({ owner, n: 1, hash: 'A' }));
  const first = new SnapshotIndex(store.snapshot(), null);
  const all = names.map((name) => {
    const recorded = new RecordedIndex(first);
    recorded.list('pods', `shop/${name}-A`);
    return recorded.reads;
  });
  for (const owner of names) store.apply('MODIFIED', pod({ owner, n: 1, hash: 'A', ready: false }));
  const second = new CountingIndex(store.snapshot(), first);
  const changes = second.changes?.get('pods') ?? new Set();
  t.equal(changes.size, 1000);
  const never = () => t.fail('all changes are gone through for one look-up');
  Object.defineProperty(changes, Symbol.iterator, { value: never });
  t.same(
    all.map((reads) => readsHold(reads, second)),
    names.map(() => false),
  );
  t.equal(second.lookups.length, 1000);
});
