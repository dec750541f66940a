import t from 'tap';
import type { Rollout } from '../../src/model/rollout.ts';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { RecordedIndex } from '../../src/routing/recorded-index.ts';
import { SnapshotIndex } from '../../src/routing/snapshot-index.ts';
import { rollout } from './builders.ts';

class CountingIndex extends SnapshotIndex {
  lookups = 0;

  override rolloutsNamed(name: string): readonly Rollout[] {
    this.lookups += 1;
    return super.rolloutsNamed(name);
  }
}

t.test('what holds for newer objects lets go of the older ones, and is looked up once', async (t) => {
  const store = new SnapshotStore();
  store.apply('ADDED', rollout({ name: 'web' }));
  store.apply('ADDED', rollout({ name: 'other' }));
  const first = new SnapshotIndex(store.snapshot(), null);
  const recorded = new RecordedIndex(first);
  t.equal(recorded.rolloutsNamed('web').length, 1);
  const { holds } = recorded;
  store.apply('MODIFIED', rollout({ name: 'other', spec: { replicas: 9 } }));
  const next = new CountingIndex(store.snapshot(), first);
  t.same([holds(next), holds(next), next.lookups], [true, true, 1]);
  store.apply('MODIFIED', rollout({ name: 'web', spec: { replicas: 9 } }));
  t.equal(holds(new SnapshotIndex(store.snapshot(), next)), false);
});
