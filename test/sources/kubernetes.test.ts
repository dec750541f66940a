import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { experiment, pod, rollout, service } from '../routing/builders.ts';
import { KubernetesApi } from './kubernetes-api.ts';
import { FAST, synced, Watched } from './kubernetes-source.ts';

t.test(
  'every kind is listed once and watched from there, Pods by the label that the controller gives them',
  async (t) => {
    const api = await KubernetesApi.start(t);
    for (const object of [rollout({}), experiment('e'), service('web'), pod({ n: 1, hash: 'a' })]) api.put(object);
    api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'other', namespace: 'shop', labels: { app: 'x' } } });
    const watched = await synced(t, api);
    t.equal(watched.names, 'shop/web shop/e shop/web shop/web-a-1');
    t.equal(watched.snapshots.length, 1);
    t.ok(watched.source.synced);
    t.ok(Math.abs(Date.now() - (watched.source.lastEventAt ?? 0)) < 60_000);
    await api.until(() => api.watches.length === 4);
    t.strictSame(
      api.asked
        .map(({ resource, watch, query }) => `${watch ? 'watch' : 'list'} ${resource} ${query.get('labelSelector')}`)
        .sort(),
      [
        'list experiments null',
        'list pods rollouts-pod-template-hash',
        'list rollouts null',
        'list services null',
        'watch experiments null',
        'watch pods rollouts-pod-template-hash',
        'watch rollouts null',
        'watch services null',
      ],
    );
    for (const { query } of api.watches) {
      t.equal(query.get('allowWatchBookmarks'), 'true');
      t.equal(query.get('resourceVersion'), '105');
      const seconds = Number(query.get('timeoutSeconds'));
      t.ok(seconds >= 300 && seconds <= 600, `timeoutSeconds ${seconds}`);
    }
  },
);

t.test('what is created, changed and deleted is published', async (t) => {
  const api = await KubernetesApi.start(t);
  const watched = await synced(t, api);
  await api.until(() => api.watches.length === 4);
  api.put(pod({ n: 1, hash: 'a', ready: false }));
  await watched.until(() => watched.names === 'shop/web-a-1');
  api.put(pod({ n: 1, hash: 'a' }));
  await watched.until(() => watched.last.pods.get('shop/web-a')?.[0]?.usable === true);
  api.remove('Pod', 'web-a-1');
  await watched.until(() => watched.names === '');
  t.strictSame(watched.problems, []);
});

t.test('a long list is read page by page', async (t) => {
  const api = await KubernetesApi.start(t);
  for (let n = 0; n < 25; n += 1) api.put(pod({ n, hash: 'a' }));
  api.pageSize = 10;
  const watched = await synced(t, api);
  t.equal(watched.last.pods.get('shop/web-a')?.length, 25);
  const pages = api.asked.filter(({ resource, watch }) => resource === 'pods' && !watch);
  t.strictSame(
    pages.map(({ query }) => [query.get('limit'), query.get('continue')]),
    [
      ['500', null],
      ['500', '10'],
      ['500', '20'],
    ],
  );
});

t.test('several namespaces are read one by one, each once', async (t) => {
  const api = await KubernetesApi.start(t);
  for (const namespace of ['shop', 'bank', 'other']) api.put(service('web', { namespace }));
  const watched = await synced(t, api, { namespaces: ['shop', 'bank', 'shop'] });
  t.equal(watched.names, 'bank/web shop/web');
  await api.until(() => api.watches.length === 8);
  t.equal(api.asked.filter(({ watch }) => !watch).length, 8);
  api.put(service('second', { namespace: 'bank' }));
  await watched.until(() => watched.names === 'bank/second bank/web shop/web');
});

t.test('nothing is published before every kind has been read', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  let release: () => void = () => undefined;
  const held = api.script(
    ({ resource }) => resource === 'experiments',
    (_asked, response) => {
      release = () => response.destroy();
    },
    1,
  );
  const watched = new Watched(api);
  t.teardown(() => watched.source.stop());
  const started = watched.start();
  await api.until(() => api.watches.length === 3);
  api.put(service('second'));
  await sleep(FAST.mostMs * 2);
  t.equal(watched.snapshots.length, 0);
  t.notOk(watched.source.synced);
  held.stop();
  release();
  await started;
  t.equal(watched.snapshots.length, 1);
  t.equal(watched.names, 'shop/second shop/web');
});

t.test('events that follow each other closely are published together, those of Pods at once', async (t) => {
  const api = await KubernetesApi.start(t);
  const timing = { ...FAST, quietMs: 30, mostMs: 10_000 };
  const watched = await synced(t, api, { timing });
  await api.until(() => api.watches.length === 4);
  for (let n = 0; n < 20; n += 1) api.put(service(`s${n}`));
  await watched.until(() => watched.last.services.length > 0);
  t.equal(watched.snapshots.length, 2, 'one for the sync, one for all Services');
  t.equal(watched.last.services.length, 20);

  const patient = await synced(t, api, { timing: { ...FAST, quietMs: 60_000, mostMs: 60_000 } });
  await api.until(() => api.watches.length === 8);
  api.put(pod({ n: 1, hash: 'a' }));
  await patient.until(() => patient.last.pods.values().length === 1);
  t.pass('a Pod waits for nobody');
});

t.test('updates of fields that are not read keep a change from nobody', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(rollout({}));
  const watched = await synced(t, api, { timing: { ...FAST, quietMs: 200, mostMs: 600_000 } });
  await api.until(() => api.watches.length === 4);
  api.put(service('new'));
  // A status that changes twenty times a quiet time, as controllers do after each step.
  let changes = 0;
  const busy = setInterval(() => {
    changes += 1;
    api.put(rollout({ status: { message: String(changes) } }));
  }, 10);
  t.teardown(() => clearInterval(busy));
  await watched.until(() => watched.last.services.length === 1);
  const { length } = watched.snapshots;
  await sleep(100);
  t.equal(watched.snapshots.length, length, 'and they are not published');
});

t.test('events that never cease are published all the same', async (t) => {
  const api = await KubernetesApi.start(t);
  const watched = await synced(t, api, { timing: { ...FAST, quietMs: 60_000, mostMs: 20 } });
  await api.until(() => api.watches.length === 4);
  api.put(service('web'));
  await watched.until(() => watched.last.services.length === 1);
  t.equal(watched.snapshots.length, 2);
});

t.test('an event that arrives in pieces, cut within a character, is put together', async (t) => {
  const api = await KubernetesApi.start(t);
  const watched = await synced(t, api);
  await api.until(() => api.watches.length === 4);
  const object = rollout({ metadata: { name: 'wéb-✓', resourceVersion: '900' } });
  const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
  for (const byte of bytes) {
    api.send('rollouts', Buffer.of(byte));
    if (byte > 0x7f) await sleep(1);
  }
  await watched.until(() => watched.last.rollouts.length === 1);
  t.equal(watched.last.rollouts[0]?.name, 'wéb-✓');
});

t.test('a stop closes every connection and leaves no timer, whatever it interrupts', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate');
  const api = await KubernetesApi.start(t);
  const before = timers();
  const watched = await synced(t, api);
  await api.until(() => api.watches.length === 4);
  api.put(service('web'));
  await watched.until(() => watched.last.services.length === 1);
  t.ok(timers().length > before.length, 'its watches are timed');
  api.put(pod({ n: 2, hash: 'a' }));
  await watched.source.stop();
  t.strictSame(timers(), before);
  await api.until(() => api.connections === 0);
  const count = watched.snapshots.length;
  const asked = api.asked.length;
  api.put(pod({ n: 1, hash: 'a' }));
  await sleep(FAST.mostMs * 2);
  t.equal(watched.snapshots.length, count);
  t.equal(api.asked.length, asked);

  const early = new Watched(api);
  api.script(
    () => true,
    () => undefined,
  );
  const started = early.start();
  await api.until(() => api.asked.length === asked + 4);
  await Promise.all([t.rejects(started, /stopped before it was read/), early.source.stop()]);
  await api.until(() => api.connections === 0);
});

t.test('read once, it lists everything, watches nothing and leaves nothing open', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  const watched = await synced(t, api, { once: true });
  t.equal(watched.names, 'shop/web');
  await api.until(() => api.connections === 0);
  t.equal(api.asked.filter(({ watch }) => watch).length, 0);
});
