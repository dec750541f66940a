import t, { type Test } from 'tap';
import type { AnalysisAnswer } from '../../src/analysis/analysis.ts';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { type LocalGateway, startGateway } from './gateway.ts';

/** A clock that goes a hundred times as fast, so that blocks of 5 s end at each tick. */
const FAST = { now: () => performance.now() * 100, tickMs: 50 };

/** Replicas of one gateway at 127.0.0.1, 127.0.0.2 and so on, which find each other by a name. */
async function replicas(t: Test, count: number, canaryStatus: () => number) {
  const stable = await strictUpstream(t, (response) => response.end('stable'));
  const canary = await strictUpstream(t, (response) => {
    response.statusCode = canaryStatus();
    response.end('canary');
  });
  const port = await deadPort();
  const names: string[] = [];
  const addresses = Array.from({ length: count }, (_, i) => `127.0.0.${i + 1}`);
  const resolve = async (host: string) => {
    names.push(host);
    return addresses;
  };
  const gateways: LocalGateway[] = [];
  for (const address of addresses) {
    const config = `admin: { address: ${address}, port: ${port} }
analysis: { peers: "headgate-admin.shop:${port}", timeout: 3s }
routes:
  - name: web
    versions:
      stable: { weight: 50, endpoints: ["127.0.0.1:${stable.port}"] }
      canary: { weight: 50, endpoints: ["127.0.0.1:${canary.port}"] }
`;
    gateways.push(await startGateway(t, config, null, { ...FAST, resolve }, address));
  }
  return { gateways, addresses, names, port };
}

async function ask(gateway: LocalGateway | undefined, query: string): Promise<AnalysisAnswer> {
  if (gateway === undefined) throw new Error('no such replica');
  const { status, body } = await gateway.admin(`/api/analysis?route=web&metrics=error-rate&${query}`);
  if (status !== 200) throw new Error(body);
  return JSON.parse(body);
}

/** Sends to each replica in turn until the verdict of the first is as wanted; returns how many the canary got. */
async function until(gateways: readonly LocalGateway[], query: string, wanted: string): Promise<number> {
  let sent = 0;
  await gateways[0]?.until(async () => {
    for (const gateway of gateways) sent += (await gateway.count(30))['canary'] ?? 0;
    return (await ask(gateways[0], query)).verdict === wanted;
  }, wanted);
  return sent;
}

t.test('a verdict is about what all replicas have counted, whichever is asked', async (t) => {
  const { gateways, names } = await replicas(t, 2, () => 500);
  const sent = await until(gateways, 'minimumSamples=60', 'fail');
  for (const gateway of gateways) {
    await gateway.until(async () => (await ask(gateway, '')).candidate.attempts === sent, 'every attempt');
    t.strictSame((await ask(gateway, '')).peers, { asked: 1, missing: [] });
  }
  t.strictSame(new Set(names), new Set(['headgate-admin.shop']));
});

t.test('without a replica nothing passes, and it is named; a fail stands', async (t) => {
  let status = 200;
  const { gateways, addresses, port } = await replicas(t, 2, () => status);
  const lenient = 'errorRateMargin=0.4&minimumSamples=20';
  await until(gateways, lenient, 'pass');
  addresses.push('127.0.0.77');
  const gone = [`127.0.0.77:${port}: ECONNREFUSED`];
  t.match(await ask(gateways[0], lenient), {
    verdict: 'inconclusive',
    code: 0,
    reason: `it would pass, but not every replica was heard: ${gone[0]}`,
    peers: { asked: 2, missing: gone },
  });
  status = 500;
  await until(gateways, 'minimumSamples=20', 'fail');
  t.match(await ask(gateways[0], 'minimumSamples=20'), { verdict: 'fail', code: -1, peers: { missing: gone } });
});
