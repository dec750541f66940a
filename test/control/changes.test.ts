import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { type StrictUpstream, strictUpstream } from '../lib/upstreams.ts';
import { pod, rollout, services, TestSource } from './cluster.ts';
import { type LocalGateway, startGateway } from './gateway.ts';
import { startLoad } from './load.ts';

const CONFIG = 'source: { files: [.] }\ntimeouts: { upstreamIdle: 60s }\n';

/** The Rollout `web`: two Pods of `aaa` and two of `bbb`, and clients that ask without a pause. */
async function webUnderLoad(t: Test, weight: number) {
  const upstreams: StrictUpstream[] = [];
  const together: ServerResponse[] = [];
  const serve = async (name: string): Promise<number> => {
    const upstream = await strictUpstream(t, (response, { target }) => {
      if (target !== '/together') response.end(name);
      else if (together.push(response) === 8) for (const held of together) held.end(name);
    });
    upstreams.push(upstream);
    return upstream.port;
  };
  const stable = [pod('aaa', await serve('aaa')), pod('aaa', await serve('aaa'))];
  const canary = [pod('bbb', await serve('bbb')), pod('bbb', await serve('bbb'))];
  const at = (step: number) => rollout({ stable: 'aaa', canary: 'bbb', weight: step });
  const source = new TestSource([...services(), at(weight), ...stable, ...canary]);
  const gateway = await startGateway(t, CONFIG, source);
  const load = startLoad(t, gateway.port);
  await load.more(40);
  return { gateway, source, load, stable, canary, at, upstreams };
}

const connections = (upstreams: readonly StrictUpstream[]) => upstreams.map((upstream) => upstream.connections);

async function generation(gateway: LocalGateway): Promise<number | null> {
  return gateway.metric('headgate_table_generation', { worker: '0' });
}

t.test('a new step changes the split with the next request, and no request fails', async (t) => {
  const { gateway, source, load, at } = await webUnderLoad(t, 10);
  for (const weight of [25, 50, 75, 100, 10]) {
    source.apply(at(weight));
    await gateway.applied();
    const { bbb = 0, ...before } = load.bodies;
    const { answered } = load;
    await load.more(100);
    const share = (100 * ((load.bodies['bbb'] ?? 0) - bbb)) / (load.answered - answered);
    t.ok(Math.abs(share - weight) <= 5, `${share.toFixed(1)} % at ${weight} %`);
    if (weight === 100) t.ok((load.bodies['aaa'] ?? 0) <= (before['aaa'] ?? 0) + 4, 'save for what was on its way');
  }
  await load.stop();
  t.strictSame(load.failures, []);
});

t.test('a promotion fails no request and costs the promoted version no connection', async (t) => {
  const { gateway, source, load, upstreams } = await webUnderLoad(t, 100);
  const promoted = upstreams.slice(2);
  // Eight at the same time open more connections than the clients under load can ever need.
  await Promise.all(Array.from({ length: 8 }, () => gateway.get('/together')));
  // What the clients under load asked for meanwhile may have opened some that their server has not accepted yet.
  await load.more(40);
  const before = connections(promoted);
  const asStable = { role: 'stable', version: 'bbb' };
  t.equal(await gateway.metric('headgate_requests_total', asStable), null, 'bbb is the canary');
  source.apply(rollout({ stable: 'bbb', canary: 'bbb' }));
  await gateway.applied();
  await load.more(100);
  await load.stop();
  t.strictSame(load.failures, []);
  t.ok(Number(await gateway.metric('headgate_requests_total', asStable)) >= 96, 'bbb is stable');
  t.strictSame(connections(promoted), before);
});

t.test('an endpoint that goes away under load fails no request', async (t) => {
  const { gateway, source, load, stable, upstreams } = await webUnderLoad(t, 10);
  const [gone] = stable;
  const [server] = upstreams;
  if (gone === undefined || server === undefined) throw new Error('no pod');
  source.remove(gone);
  await gateway.until(async () => !(await gateway.admin('/api/table')).body.includes(`:${server.port}"`), 'removal');
  await load.more(40);
  const seen = server.seen.length;
  await load.more(100);
  await load.stop();
  t.strictSame(load.failures, []);
  t.equal(server.seen.length, seen, 'and what is gone is asked no more');
});

t.test('Pods that come and go build no new table', async (t) => {
  const { gateway, source, load, stable } = await webUnderLoad(t, 10);
  const before = await generation(gateway);
  const fresh = await strictUpstream(t, (response) => void response.end('fresh'));
  source.apply(pod('aaa', fresh.port));
  await gateway.until(() => (load.bodies['fresh'] ?? 0) > 0, 'an answer of the new Pod');
  source.remove(...stable);
  await load.more(50);
  await load.stop();
  t.strictSame(load.failures, []);
  t.equal(await generation(gateway), before);
});
