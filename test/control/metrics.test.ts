import t from 'tap';
import { strictUpstream } from '../lib/upstreams.ts';
import { pod, rollout, services, TestSource } from './cluster.ts';
import { startGateway } from './gateway.ts';
import { startLoad } from './load.ts';

const CONFIG = `source: { files: [.] }
metrics: { httpAlias: true }
routes: [{ name: shop, path: /shop, rollout: web }, { path: /, rollout: web }]
`;

async function web(t: Parameters<typeof startGateway>[0], hold = Promise.resolve()) {
  const serve = async (name: string): Promise<number> => {
    const upstream = await strictUpstream(t, (response, { target }) => {
      if (target === '/broken') response.statusCode = 500;
      void (target === '/held' ? hold : Promise.resolve()).then(() => response.end(name));
    });
    return upstream.port;
  };
  const pods = [pod('aaa', await serve('stable')), pod('bbb', await serve('canary'))];
  const source = new TestSource([...services(), rollout({ stable: 'aaa', canary: 'bbb', weight: 50 }), ...pods]);
  return { gateway: await startGateway(t, CONFIG, source), source };
}

const REQUESTS = 'headgate_requests_total';

t.test('scrapes during traffic only grow, and in the end count what the clients sent', async (t) => {
  const { gateway } = await web(t);
  const load = startLoad(t, gateway.port);
  let last = 0;
  for (let scrape = 0; scrape < 5; scrape += 1) {
    await load.more(30);
    const { answered } = load;
    let counted = last;
    await gateway.until(async () => {
      const now = Number(await gateway.metric(REQUESTS, { status: '200' }));
      t.ok(now >= counted, `${now} counted, ${counted} before`);
      counted = now;
      return counted >= answered;
    }, 'the count of what was answered');
    t.ok(counted > last, `${counted} counted, ${last} a while ago`);
    last = counted;
  }
  await load.stop();
  await gateway.counted();
  t.strictSame(load.failures, []);
  const { stable = 0, canary = 0 } = load.bodies;
  t.equal(await gateway.metric(REQUESTS, { role: 'stable', version: 'aaa', status: '200' }), stable);
  t.equal(await gateway.metric(REQUESTS, { role: 'canary', version: 'bbb', status: '200' }), canary);
  t.equal(await gateway.metric(REQUESTS), stable + canary, 'and nothing else');
  t.equal(await gateway.metric('headgate_request_duration_seconds_count'), stable + canary);
  t.equal(await gateway.metric('http_requests_total', { version: 'bbb' }), canary, 'by the name in the wild as well');
  t.equal(await gateway.metric('headgate_requests_in_flight'), 0);
});

t.test('statuses are counted by the route, role and version that answered', async (t) => {
  const { gateway } = await web(t);
  for (let i = 0; i < 4; i += 1) await gateway.get('/broken');
  await gateway.get('/shop/cart');
  await gateway.counted();
  const web500 = { namespace: 'shop', rollout: 'web', experiment: '', status: '500' };
  // Of 4 choices at 50 % each version has 1 to 3.
  const stable = Number(await gateway.metric(REQUESTS, { ...web500, role: 'stable', version: 'aaa' }));
  const canary = Number(await gateway.metric(REQUESTS, { ...web500, role: 'canary', version: 'bbb' }));
  t.equal(stable + canary, 4);
  t.ok(stable >= 1 && canary >= 1, `${stable} and ${canary}`);
  t.equal(await gateway.metric(REQUESTS, { route: 'shop', status: '200' }), 1);
});

t.test('requests are in flight until they are answered', async (t) => {
  let release: () => void = () => undefined;
  const hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { gateway } = await web(t, hold);
  const answers = [1, 2, 3].map(() => gateway.get('/held'));
  await gateway.until(
    async () => (await gateway.metric('headgate_requests_in_flight')) === 3,
    'three requests in flight',
  );
  t.equal(await gateway.metric(REQUESTS), 0);
  release();
  await Promise.all(answers);
  await gateway.counted();
  t.equal(await gateway.metric(REQUESTS), 3);
});

t.test('headgate_weight is what is applied now', async (t) => {
  const { gateway, source } = await web(t);
  const weight = (version: string) => gateway.metric('headgate_weight', { version, route: 'shop' });
  t.strictSame([await weight('aaa'), await weight('bbb')], [50, 50]);
  source.apply(rollout({ stable: 'aaa', canary: 'bbb', weight: 75 }));
  t.strictSame([await weight('aaa'), await weight('bbb')], [25, 75]);
});

t.test('after a promotion the counts of the canary stay, and those of the stable begin at zero', async (t) => {
  const { gateway, source } = await web(t);
  const { canary } = await gateway.count(4);
  await gateway.counted();
  t.ok(canary, 'of 4 choices at 50 % each version has 1 to 3');
  source.apply(rollout({ stable: 'bbb', canary: 'bbb' }));
  await gateway.applied();
  const of = (role: string) => gateway.metric(REQUESTS, { role, version: 'bbb', status: '200' });
  t.strictSame([await of('canary'), await of('stable')], [canary, 0]);
  await gateway.count(4);
  await gateway.counted();
  t.strictSame([await of('canary'), await of('stable')], [canary, 4]);
});
