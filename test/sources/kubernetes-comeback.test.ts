import t from 'tap';
import { service } from '../routing/builders.ts';
import { type Asked, KubernetesApi, status } from './kubernetes-api.ts';
import { synced } from './kubernetes-source.ts';

const services = (asked: Asked) => asked.resource === 'services';

t.test('a server that is back after many attempts and answers 410 is listed again at once', async (t) => {
  const api = await KubernetesApi.start(t);
  api.put(service('web'));
  const watched = await synced(t, api);
  await api.until(() => api.watches.length === 4);
  const asked = () => api.asked.filter(services).length;
  const outage = api.script(services, (_asked, response) => response.destroy());
  api.drop();
  const before = asked();
  await api.until(() => asked() >= before + 8);
  outage.stop();
  const at = { gone: 0, listed: 0 };
  api.script(
    services,
    (request, response) => {
      at.gone = performance.now();
      status(410, 'Expired', 'too old resource version: 296 (334)')(request, response);
    },
    1,
  );
  await api.until(() => api.asked.some((one) => services(one) && !one.watch) && at.gone > 0);
  api.put(service('meanwhile'));
  await watched.until(() => watched.last.services.length === 2);
  at.listed = performance.now();
  // Counted on from the attempts before, the wait would be 250 ms at the least.
  t.ok(at.listed - at.gone < 240, `${Math.round(at.listed - at.gone)} ms`);
});
