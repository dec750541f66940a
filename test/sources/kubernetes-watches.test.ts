import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { pod, service } from '../routing/builders.ts';
import { type Asked, errorEvent, KubernetesApi, status } from './kubernetes-api.ts';
import { count, FAST, listOf, synced, watching, watchOf } from './kubernetes-source.ts';

t.test('a watch that its server ends goes on where it ended, with no list and nothing missed', async (t) => {
  const { api, watched } = await watching(t);
  const asked = api.asked.length;
  await sleep(FAST.provenMs * 2);
  api.endWatches();
  api.put(service('meanwhile'));
  await watched.until(() => watched.last.services.length === 2);
  await api.until(() => api.watches.length === 4 && api.asked.length >= asked + 4);
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
  );
  t.strictSame(watched.problems, []);
});

t.test("a connection that breaks is nobody's business: the watch goes on, and nothing is missed", async (t) => {
  const { api, watched } = await watching(t);
  api.drop();
  api.put(service('meanwhile'));
  api.remove('Pod', 'web-a-1');
  await watched.until(() => watched.names === 'shop/web shop/e shop/meanwhile shop/web');
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
  );
  t.strictSame(watched.problems, []);
});

t.test('an event that was cut off halfway comes again with the next watch', async (t) => {
  const { api, watched } = await watching(t);
  const half = JSON.stringify({ type: 'ADDED', object: service('half') }).slice(0, 60);
  api.send('services', half);
  api.drop();
  api.put(service('half'));
  await watched.until(() => watched.last.services.length === 2);
  t.equal(watched.names, 'shop/web shop/e shop/half shop/web shop/web-a-1');
});

t.test('after 410 everything is listed again, and what has gone is removed', async (t) => {
  const { api, watched } = await watching(t);
  await api.close();
  api.remove('Service', 'web');
  api.remove('Pod', 'web-a-1');
  api.put(pod({ n: 2, hash: 'b' }));
  api.compact();
  await api.listen();
  await watched.until(() => watched.names === 'shop/web shop/e shop/web-b-2');
  await api.until(() => api.watches.length === 4);
  t.ok(count(api, ({ watch }) => !watch) >= 8);
});

t.test('an ERROR event in the middle of a watch means the same as its status', async (t) => {
  const { api, watched } = await watching(t);
  const lists = count(api, listOf('services'));
  api.send('services', errorEvent(410, 'Expired', 'too old resource version'));
  await api.until(() => count(api, listOf('services')) === lists + 1);
  await api.until(() => api.watches.length === 4);
  api.put(service('later'));
  await watched.until(() => watched.last.services.length === 2);
  t.equal(count(api, listOf('pods')), 1, 'other kinds go on');
});

t.test('a list whose continuation has expired is begun again, and is whole', async (t) => {
  const api = await KubernetesApi.start(t);
  for (let n = 0; n < 25; n += 1) api.put(pod({ n, hash: 'a' }));
  api.pageSize = 10;
  const second = ({ query }: Asked) => query.get('continue') === '10';
  api.script(second, status(410, 'Expired', 'The provided continue parameter is too old'), 1);
  const watched = await synced(t, api);
  t.equal(watched.last.pods.get('shop/web-a')?.length, 25);
  t.equal(
    count(api, (asked) => listOf('pods')(asked) && !asked.query.has('continue')),
    2,
  );
});

t.test('a silent connection is given up and its watch renewed; bookmarks are signs of life', async (t) => {
  const { api, watched } = await watching(t, { timing: { ...FAST, watchMs: [60, 60], slackMs: 20 } });
  const asked = api.asked.length;
  api.silence();
  api.put(service('unheard'));
  t.equal(watched.last.services.length, 1);
  await watched.until(() => watched.last.services.length === 2);
  t.ok(count(api, watchOf('services')) >= 2);
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
    'what was missed comes with the watch',
  );
  t.ok(api.asked.length > asked);
});

t.test('a watch that has had bookmarks may be silent only as long as they may be late', async (t) => {
  const { api, watched } = await watching(t, { timing: { ...FAST, bookmarkSilenceMs: 30 } });
  api.put(service('heard'));
  await watched.until(() => watched.last.services.length === 2);
  await sleep(60);
  t.equal(
    count(api, ({ watch }) => watch),
    4,
    'none yet, and it may be silent for minutes',
  );
  api.bookmark();
  api.silence();
  await api.until(() => count(api, ({ watch }) => watch) === 8);
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
  );
});

t.test('a bookmark moves the place where the next watch begins', async (t) => {
  const { api } = await watching(t);
  await sleep(FAST.provenMs * 2);
  api.compact();
  api.bookmark();
  await sleep(10);
  api.endWatches();
  await api.until(() => api.asked.length >= 12 && api.watches.length === 4);
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
    'the history before the bookmark is not asked for',
  );
});
