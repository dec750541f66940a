import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { ApiError } from '../../src/sources/kubernetes/api-error.ts';
import { failureOf } from '../../src/sources/kubernetes/failure.ts';
import { service } from '../routing/builders.ts';
import { errorEvent, KubernetesApi, status } from './kubernetes-api.ts';
import { ALL, count, FAST, listOf, synced, Watched, watching } from './kubernetes-source.ts';

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

t.test('a kind that fails later than the others, as they did, is no news: nothing is published for it', async (t) => {
  const { api, watched } = await watching(t);
  const failing = [];
  for (const resource of ['pods', 'services']) {
    failing.push(api.script(({ resource: asked }) => asked === resource, status(500, 'InternalError', 'etcd is gone')));
    api.send(resource, errorEvent(500, 'InternalError', 'etcd is gone'));
    await watched.until(() => watched.problems.length > 0);
    await api.until(() => count(api, listOf(resource)) >= 3);
    await sleep(FAST.mostMs * 2);
  }
  t.match(watched.problems, [/does not give what it is asked for \(status 500: etcd is gone\)/]);
  t.equal(watched.snapshots.length, 2, 'one for the sync, one for the problem');
  for (const one of failing) one.stop();
  await watched.until(() => watched.problems.length === 0);
  t.equal(watched.snapshots.length, 3, 'one more when all is well again');
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

t.test('Retry-After is obeyed', async (t) => {
  const api = await KubernetesApi.start(t);
  const from = performance.now();
  api.script(listOf('pods'), status(429, 'TooManyRequests', 'later', { 'retry-after': '1' }), 1);
  const watched = await synced(t, api);
  t.ok(performance.now() - from >= 990);
  t.ok(watched.source.synced);
});

t.test('a server that starts is asked again sooner than its Retry-After of 503 says', async (t) => {
  const of = (code: number) => failureOf(new ApiError(code, {}, 5_000)).retryAfterMs;
  t.strictSame([of(503), of(429)], [2_000, 5_000]);
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
