import t from 'tap';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { experiment, pod, rollout, service } from '../routing/builders.ts';

t.test('a snapshot lists objects by namespace, then name, whatever the order of events', async (t) => {
  const objects = [service('b'), service('a'), service('c', { namespace: 'a-shop' }), rollout({}), experiment('e')];
  const forward = new SnapshotStore();
  const backward = new SnapshotStore();
  for (const object of objects) forward.apply('ADDED', object);
  for (const object of objects.toReversed()) backward.apply('ADDED', object);
  t.same(
    forward.snapshot().services.map(({ name }) => name),
    ['c', 'a', 'b'],
  );
  t.same(forward.snapshot(), backward.snapshot());
});

t.test('the last event of an object wins', async (t) => {
  const store = new SnapshotStore();
  store.apply('ADDED', pod({ n: 1, hash: 'a' }));
  store.apply('MODIFIED', pod({ n: 1, hash: 'a', ready: false }));
  t.same(
    store
      .snapshot()
      .pods.get('shop/web-a')
      ?.map(({ usable }) => usable),
    [false],
  );
  store.apply('DELETED', pod({ n: 1, hash: 'a' }));
  t.equal(store.snapshot().pods.get('shop/web-a'), undefined);
});

t.test('a snapshot taken earlier is not changed by later events', async (t) => {
  const store = new SnapshotStore();
  store.apply('ADDED', service('a'));
  const before = store.snapshot();
  store.apply('ADDED', service('b'));
  t.equal(before.services.length, 1);
  t.equal(store.snapshot().services.length, 2);
  t.equal(before.pods, store.snapshot().pods, 'an unchanged kind keeps its list');
});

t.test('kinds that are not used are ignored, also those that share a name with one that is', async (t) => {
  const store = new SnapshotStore();
  store.apply('ADDED', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } });
  store.apply('ADDED', { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'x' }, spec: 1 });
  for (const value of [null, 1, 'text', [], {}]) store.apply('ADDED', value);
  const { services, problems } = store.snapshot();
  t.same([services, problems], [[], []]);
});

t.test('an object that cannot be understood is left out alone, with a reason, until it is corrected', async (t) => {
  const store = new SnapshotStore();
  const broken = rollout({ name: 'broken', spec: { replicas: 'many' } });
  store.apply('ADDED', rollout({ name: 'good' }));
  store.apply('ADDED', broken);
  const { rollouts, problems, unreadableRollouts } = store.snapshot();
  t.same(
    rollouts.map(({ name }) => name),
    ['good'],
  );
  t.match(problems, [{ place: 'Rollout shop/broken', message: /is left out: spec\.replicas/ }]);
  t.same(unreadableRollouts, ['shop/broken']);
  store.apply('MODIFIED', rollout({ name: 'broken' }));
  t.match(store.snapshot(), { problems: [], unreadableRollouts: [], rollouts: { length: 2 } });
  store.apply('DELETED', broken);
  t.match(store.snapshot(), { problems: [], rollouts: { length: 1 } });
});

t.test('an object that can no longer be understood counts as it was before, with a problem', async (t) => {
  const store = new SnapshotStore();
  const broken = rollout({ spec: { replicas: 'many' } });
  store.apply('ADDED', rollout({ spec: { replicas: 7 } }));
  store.apply('MODIFIED', broken);
  const { rollouts, problems, unreadableRollouts } = store.snapshot();
  t.match(rollouts, [{ spec: { replicas: 7 } }]);
  t.match(problems, [{ place: 'Rollout shop/web', message: /counts as it was before: spec\.replicas/ }]);
  t.same(unreadableRollouts, [], 'it is there');
  store.apply('DELETED', broken);
  t.match(store.snapshot(), { rollouts: [], problems: [] });
});

t.test('of the Pods, only the lists of ReplicaSets that changed are new lists', async (t) => {
  const store = new SnapshotStore();
  for (const hash of ['a', 'b']) store.apply('ADDED', pod({ n: 1, hash }));
  const before = store.snapshot().pods;
  t.equal(store.snapshot().pods, before);
  store.apply('ADDED', pod({ n: 2, hash: 'b' }));
  const after = store.snapshot().pods;
  t.equal(after.get('shop/web-a'), before.get('shop/web-a'));
  t.same([before.get('shop/web-b')?.length, after.get('shop/web-b')?.length], [1, 2]);
});

t.test('an update of fields that are not kept changes nothing', async (t) => {
  const store = new SnapshotStore();
  for (const object of [pod({ n: 1, hash: 'a' }), rollout({}), service('a')]) store.apply('ADDED', object);
  const before = store.snapshot();
  const annotations = { checked: 'now' };
  t.equal(store.apply('MODIFIED', pod({ n: 1, hash: 'a', metadata: { annotations } })), false);
  t.equal(store.apply('MODIFIED', rollout({ metadata: { annotations } })), false);
  const after = store.snapshot();
  t.equal(after.pods, before.pods);
  t.equal(after.rollouts, before.rollouts);
  t.equal(store.apply('DELETED', service('b')), false);
  t.equal(store.apply('DELETED', service('a')), true);
  t.equal(store.apply('MODIFIED', rollout({ spec: { replicas: 'many' } })), true, 'a problem is new');
  t.equal(store.apply('MODIFIED', rollout({})), true, 'and solved');
});

t.test('the lists of Pods are right however many changed, came and went', async (t) => {
  const store = new SnapshotStore();
  for (let i = 0; i < 300; i += 1) store.apply('ADDED', pod({ n: i, hash: `h${i % 150}` }));
  const all = store.snapshot().pods;
  const kept = new Map(Array.from({ length: 150 }, (_, i) => [i, all.get(`shop/web-h${i}`)]));
  for (let i = 0; i < 300; i += 2) {
    store.apply('DELETED', pod({ n: i, hash: `h${i % 150}` }));
    store.snapshot();
  }
  const { pods } = store.snapshot();
  for (let i = 0; i < 150; i += 1) {
    if (i % 2 === 0) t.equal(pods.get(`shop/web-h${i}`), undefined);
    else t.equal(pods.get(`shop/web-h${i}`), kept.get(i), 'untouched');
    t.equal(all.get(`shop/web-h${i}`)?.length, 2, 'an earlier snapshot stays as it was');
  }
});

t.test('a Pod whose ReplicaSet was deleted without it changes its list', async (t) => {
  const store = new SnapshotStore();
  store.apply('ADDED', pod({ n: 1, hash: 'a' }));
  store.apply('MODIFIED', pod({ n: 1, hash: 'a', metadata: { ownerReferences: [] } }));
  const { pods, orphans } = store.snapshot();
  t.equal(pods.get('shop/web-a'), undefined);
  t.match(orphans, [{ name: 'web-a-1' }]);
});

t.test('an object without a name is a problem, not a silence', async (t) => {
  const store = new SnapshotStore();
  store.apply('ADDED', { apiVersion: 'v1', kind: 'Service', metadata: { generateName: 'x-' }, spec: {} });
  t.match(store.snapshot().problems, [{ place: 'Service default/?', message: /metadata\.name/ }]);
});
