import t from 'tap';
import { experiment, pod, rollout, service } from '../routing/builders.ts';
import { KubernetesApi, status } from './kubernetes-api.ts';
import { ALL, count, listOf, synced, Watched, watching, watchOf } from './kubernetes-source.ts';

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
