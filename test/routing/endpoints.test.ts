import t from 'tap';
import type { Pod } from '../../src/model/pod.ts';
import { podEndpoints } from '../../src/routing/endpoints.ts';

function podAt(ip: string, usable = true): Pod {
  return { namespace: 'shop', name: `pod-${ip}`, labels: {}, hash: '', replicaSet: '', ports: [], ip, usable };
}

t.test('usable Pods that offer a port are endpoints, each once, sorted', async (t) => {
  const pods = [podAt('10.0.0.2'), podAt('10.0.0.1'), podAt('10.0.0.2'), podAt('10.0.0.3', false), podAt('10.0.0.4')];
  t.same(
    podEndpoints(pods, ({ ip }) => (ip === '10.0.0.4' ? null : 80)),
    [
      { host: '10.0.0.1', port: 80 },
      { host: '10.0.0.2', port: 80 },
    ],
  );
  t.same(
    podEndpoints([], () => 80),
    [],
  );
});

t.test('a Pod that is as before is the same endpoint as before, unless its port is another', async (t) => {
  // Thousands of new ones, named and compared, were most of what one Pod that changed cost the main thread.
  const [a, b, c] = [podAt('10.0.0.1'), podAt('10.0.0.2'), podAt('10.0.0.3')];
  const before = podEndpoints([a, b], () => 80);
  const after = podEndpoints([a, b, c], () => 80);
  t.ok(after[0] === before[0] && after[1] === before[1]);
  t.same(
    podEndpoints([a], () => 81),
    [{ host: '10.0.0.1', port: 81 }],
  );
  t.same(after[0], { host: '10.0.0.1', port: 80 });
});
