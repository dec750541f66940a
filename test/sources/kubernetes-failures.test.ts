import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { experiment, pod, rollout, service } from '../routing/builders.ts';
import { type Asked, errorEvent, KubernetesApi, status } from './kubernetes-api.ts';
import { FAST, synced, Watched } from './kubernetes-source.ts';

const watchOf = (resource: string) => (asked: Asked) => asked.watch && asked.resource === resource;
const listOf = (resource: string) => (asked: Asked) => !asked.watch && asked.resource === resource;

/** A server with one object of each kind, and a source that watches all of them. */
async function watching(t: Test, options: Parameters<typeof synced>[2] = {}) {
  const api = await KubernetesApi.start(t);
  for (const object of [rollout({}), experiment('e'), service('web'), pod({ n: 1, hash: 'a' })]) api.put(object);
  const watched = await synced(t, api, options);
  await api.until(() => api.watches.length === 4);
  return { api, watched };
}

const ALL = 'shop/web shop/e shop/web shop/web-a-1';
const count = (api: KubernetesApi, matches: (asked: Asked) => boolean) => api.asked.filter(matches).length;

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

t.test('a server that goes away for long takes nothing with it, is told of once, and is caught up with', async (t) => {
  const { api, watched } = await watching(t);
  await api.close();
  await watched.until(() => watched.problems.length > 0);
  t.match(
    watched.problems[0],
    /^cannot reach the API server at http:\S+: connection refused; the last table stays in force$/,
  );
  await sleep(100);
  t.equal(watched.problems.length, 1, 'one for all four kinds');
  t.equal(watched.snapshots.length, 2, 'one for the sync, one for the problem');
  t.equal(watched.names, ALL);
  api.remove('Service', 'web');
  await api.listen();
  await watched.until(() => watched.problems.length === 0 && watched.last.services.length === 0);
  await api.until(() => api.watches.length === 4);
  t.strictSame(api.watches.map(({ resource }) => resource).sort(), ['experiments', 'pods', 'rollouts', 'services']);
});

t.test('a server that is down at start is waited for, and told of once', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  await api.close();
  const watched = new Watched(api);
  t.teardown(() => watched.source.stop());
  const started = watched.start();
  await sleep(150);
  t.equal(watched.waiting.length, 1);
  t.match(watched.waiting[0], /connection refused; nothing is routed until it answers/);
  t.notOk(watched.source.synced);
  await api.listen();
  await started;
  t.equal(watched.names, 'shop/web');
  t.strictSame(watched.problems, []);
});

t.test('a token that is no longer accepted is read again', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  let token = 'old';
  let kept: string | null = null;
  const access = async () => ({
    server: api.url,
    credentials: async () => {
      kept ??= token;
      return { headers: { authorization: `Bearer ${kept}` } };
    },
    renew: () => {
      kept = null;
    },
  });
  const watched = await synced(t, api, { access });
  await api.until(() => api.watches.length === 4);
  token = 'new';
  api.script(({ authorization }) => authorization !== 'Bearer new', status(401, 'Unauthorized', 'Unauthorized'));
  api.drop();
  api.put(service('second'));
  await watched.until(() => watched.last.services.length === 2);
  await api.until(() => api.watches.length === 4);
  t.strictSame([...new Set(api.watches.map(({ authorization }) => authorization))], ['Bearer new']);
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
  );
  t.strictSame(watched.problems, []);
});

t.test('credentials that stay refused are a problem that names no secret, until they are accepted', async (t) => {
  const api = await KubernetesApi.start(t);
  const refusing = api.script(() => true, status(401, 'Unauthorized', 'Unauthorized'));
  const credentials = async () => ({ headers: { authorization: 'Bearer s3cret' } });
  const watched = new Watched(api, { access: async () => ({ server: api.url, credentials, renew: () => undefined }) });
  t.teardown(() => watched.source.stop());
  const started = watched.start();
  await api.until(() => api.asked.length > 12);
  t.match(watched.waiting, [/does not accept the credentials \(status 401: Unauthorized\)/]);
  t.notMatch(JSON.stringify(watched.source.problems), /s3cret/);
  refusing.stop();
  await started;
  t.strictSame(watched.problems, []);
});

t.test('a kind without permission counts as empty, with the rule that is missing; the others work', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  api.put(experiment('e'));
  const who = 'system:serviceaccount:edge:headgate';
  const message = `experiments.argoproj.io is forbidden: User "${who}" cannot list resource "experiments" in API group "argoproj.io" at the cluster scope`;
  const denying = api.script(({ resource }) => resource === 'experiments', status(403, 'Forbidden', message));
  const watched = await synced(t, api);
  t.equal(watched.names, 'shop/web');
  t.strictSame(watched.source.problems, [
    {
      place: 'source.kubernetes',
      message: `no permission to read Experiments in all namespaces (status 403: ${message}); they are left out`,
      remedy: `bind ${who} to a ClusterRole with the rule { apiGroups: ["argoproj.io"], resources: [experiments], verbs: [get, list, watch] }, or name the namespaces to read, with --namespace or in source.kubernetes.namespaces`,
    },
  ]);
  denying.stop();
  await watched.until(() => watched.names === 'shop/e shop/web' && watched.problems.length === 0);
});

t.test('in one namespace the missing rule is one of a Role', async (t) => {
  const api = await KubernetesApi.start(t);
  api.script(
    ({ resource, namespace }) => resource === 'pods' && namespace === 'bank',
    status(403, 'Forbidden', 'pods is forbidden: User "eve" cannot list resource "pods"'),
  );
  api.put(pod({ n: 1, hash: 'a' }));
  const watched = await synced(t, api, { namespaces: ['shop', 'bank'] });
  t.equal(watched.names, 'shop/web-a-1');
  t.match(watched.source.problems, [
    {
      message: /^no permission to read Pods in namespace bank /,
      remedy:
        'bind eve to a Role in bank with the rule { apiGroups: [""], resources: [pods], verbs: [get, list, watch] }',
    },
  ]);
});

t.test('a server that refuses every kind, as one does that is starting, is not read yet', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  const denying = api.script(() => true, status(403, 'Forbidden', 'no'));
  const watched = new Watched(api);
  t.teardown(() => watched.source.stop());
  const started = watched.start();
  await api.until(() => api.asked.length > 4 * 3);
  t.equal(watched.source.synced, false);
  t.match(watched.problems, [/^no permission to read Rollouts /, /Experiments/, /Services/, /Pods/]);
  const once = new Watched(api, { once: true });
  t.teardown(() => once.source.stop());
  await t.rejects(once.start(), /^source.kubernetes: no permission to read Rollouts /);
  denying.stop();
  await started;
  t.equal(watched.names, 'shop/web');
  await watched.until(() => watched.problems.length === 0);
});

t.test('a list without the permission to watch is told as such and does not flap', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  const denied = 'services is forbidden: User "eve" cannot watch resource "services"';
  api.script(watchOf('services'), status(403, 'Forbidden', denied));
  const watched = await synced(t, api);
  await watched.until(() => watched.problems.length === 1);
  const published = watched.snapshots.length;
  const asked = api.asked.length;
  await api.until(() => count(api, listOf('services')) > 4);
  t.match(watched.problems, [/cannot watch resource "services"\); what was known of them stays in force$/]);
  t.equal(watched.snapshots.length, published);
  t.ok(api.asked.length > asked);
  t.equal(watched.names, 'shop/web');
});

t.test('a permission that is lost keeps what was known, and says so', async (t) => {
  const { api, watched } = await watching(t);
  const denying = api.script(({ resource }) => resource === 'pods', status(403, 'Forbidden', 'no'));
  api.drop();
  await watched.until(() => watched.problems.length === 1);
  t.match(watched.problems, [/^no permission to read Pods .*what was known of them stays in force$/]);
  t.equal(watched.names, ALL);
  api.remove('Pod', 'web-a-1');
  api.put(service('later'));
  await watched.until(() => watched.last.services.length === 2);
  denying.stop();
  await watched.until(() => watched.problems.length === 0 && watched.last.pods.values().length === 0);
});

t.test('kinds that are not installed count as empty, and appear without a restart when they are', async (t) => {
  const api = await KubernetesApi.start(t);
  for (const object of [rollout({}), service('web')]) api.put(object);
  const missing = api.script(
    ({ resource }) => resource === 'rollouts' || resource === 'experiments',
    status(404, 'NotFound', 'the server could not find the requested resource'),
  );
  const watched = await synced(t, api, { namespaces: ['shop', 'bank'] });
  t.equal(watched.names, 'shop/web');
  t.strictSame(watched.problems, [
    'the kind Rollout (rollouts.argoproj.io) is not installed; they are left out',
    'the kind Experiment (experiments.argoproj.io) is not installed; they are left out',
  ]);
  missing.stop();
  await watched.until(() => watched.names === 'shop/web shop/web' && watched.problems.length === 0);
});

t.test('Retry-After is obeyed', async (t) => {
  const api = await KubernetesApi.start(t);
  const from = performance.now();
  api.script(listOf('pods'), status(429, 'TooManyRequests', 'later', { 'retry-after': '1' }), 1);
  const watched = await synced(t, api);
  t.ok(performance.now() - from >= 990);
  t.ok(watched.source.synced);
});

t.test('a server that starts up and refuses for a while is tried less and less often', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  const refusing = api.script(() => true, status(503, 'ServiceUnavailable', 'apiserver not ready'));
  const watched = new Watched(api);
  t.teardown(() => watched.source.stop());
  const started = watched.start();
  await sleep(200);
  t.ok(api.asked.length < 4 * 10, `${api.asked.length} requests in 200 ms`);
  t.match(watched.waiting, [/does not give what it is asked for \(status 503: apiserver not ready\)/]);
  refusing.stop();
  await started;
  t.equal(watched.names, 'shop/web');
});

t.test('watches that end as soon as they have begun are no tight loop', async (t) => {
  const api = await KubernetesApi.start(t);
  api.script(
    ({ watch }) => watch,
    (_asked, response) => response.end(),
  );
  const watched = await synced(t, api);
  await sleep(200);
  t.ok(count(api, ({ watch }) => watch) < 4 * 10, `${api.asked.length} requests in 200 ms`);
  t.equal(
    count(api, ({ watch }) => !watch),
    4,
  );
  t.match(watched.problems, [/it ends every watch at once/]);
});

t.test('answers that are no Kubernetes API are a problem, not an end', async (t) => {
  const { api, watched } = await watching(t);
  api.script(listOf('services'), (_asked, response) => response.end('<html>sign in</html>'), 3);
  api.send('services', '{"type":"ADDED","object":\n');
  await watched.until(() => watched.problems.length > 0);
  t.match(watched.problems, [/sends what is no Kubernetes API \(the list is not valid JSON\)/]);
  api.put(service('later'));
  await watched.until(() => watched.last.services.length === 2 && watched.problems.length === 0);
});

t.test('an answer that switches protocols, which nobody asked for, is no end of trying', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  api.script(
    () => true,
    (_asked, { socket }) =>
      socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    4 * 2,
  );
  const watched = await synced(t, api);
  t.equal(watched.names, 'shop/web');
  t.match(watched.waiting, [/cannot reach the API server .*: the connection was closed without an answer/]);
});

t.test('a list that breaks in the middle of its body removes nothing', async (t) => {
  const { api, watched } = await watching(t);
  api.script(
    listOf('services'),
    (_asked, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"kind":"ServiceList","items":[');
      setTimeout(() => response.destroy(), 5);
    },
    2,
  );
  api.send('services', errorEvent(500, 'InternalError', 'etcd is gone'));
  await api.until(() => count(api, listOf('services')) === 4);
  t.equal(watched.names, ALL);
  await api.until(() => api.watches.length === 4);
  t.equal(watched.names, ALL);
});

t.test('many failures leave neither a second watch nor a connection', async (t) => {
  const { api, watched } = await watching(t);
  for (let round = 0; round < 5; round += 1) {
    api.drop();
    await api.until(() => api.watches.length === 0);
    await api.until(() => api.watches.length === 4);
  }
  await sleep(FAST.provenMs);
  t.strictSame(api.watches.map(({ resource }) => resource).sort(), ['experiments', 'pods', 'rollouts', 'services']);
  t.equal(api.connections, 4);
  await watched.source.stop();
  await api.until(() => api.connections === 0);
});

t.test('read once, a server that cannot be reached is an error, a kind that is not installed none', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  api.script(({ resource }) => resource === 'rollouts', status(404, 'NotFound', 'no'));
  const watched = await synced(t, api, { once: true });
  t.match(watched.problems, [/the kind Rollout .* is not installed/]);
  await api.close();
  const lost = new Watched(api, { once: true });
  t.teardown(() => lost.source.stop());
  await t.rejects(lost.start(), {
    message: /^source.kubernetes: cannot reach the API server at \S+: connection refused \(check that it runs [^;]*\)$/,
  });
});

t.test('read once, a server that knows nothing it is asked for is told of as a wrong address', async (t) => {
  const api = await KubernetesApi.start(t);
  api.script(() => true, status(404, 'NotFound', 'no'));
  const lost = new Watched(api, { once: true });
  t.teardown(() => lost.source.stop());
  await t.rejects(lost.start(), { message: /\(check that the address is that of a Kubernetes API: / });
});
