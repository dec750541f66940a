import t from 'tap';
import type { LiveView } from '../../src/admin/live-view.ts';
import { strictUpstream } from '../lib/upstreams.ts';
import { startGateway } from './gateway.ts';

t.test(
  'what the workers have counted is on the page within a step, and an answer by a version is an attempt at it',
  async (t) => {
    const { port } = await strictUpstream(t);
    const gateway = await startGateway(
      t,
      `workers: 2\nroutes: [{ name: shop, versions: { blue: { weight: 1, endpoints: ["127.0.0.1:${port}"] } } }]\n`,
    );
    await gateway.count(20);
    const live = async (): Promise<LiveView> => JSON.parse((await gateway.admin('/api/live?route=shop')).body);
    await gateway.until(async () => ((await live()).route?.versions[0]?.attempts ?? 0) > 0, 'the first step');
    const { route, headgate, totals } = await live();
    t.match(route?.versions, [{ name: 'blue', share: 1, attempts: 20, failures: 0, failureRate: 0 }]);
    t.ok((route?.versions[0]?.p50 ?? 0) > 0);
    t.equal(headgate.workers.length, 2);
    t.ok(totals.requestsPerSecond > 0);
  },
);
