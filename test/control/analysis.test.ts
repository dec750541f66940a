import t, { type Test } from 'tap';
import type { AnalysisAnswer } from '../../src/analysis/analysis.ts';
import { strictUpstream } from '../lib/upstreams.ts';
import { type Gateway, startGateway } from './gateway.ts';

/** A clock that goes a hundred times as fast, so that blocks of 5 s end at each tick. */
const FAST = { now: () => performance.now() * 100, tickMs: 50 };

const QUERY = 'route=web&metrics=error-rate&minimumSamples=50';

/** A gateway with two static versions at 50:50, of which the canary answers as it is told. */
async function webAt(t: Test, canaryStatus: number): Promise<Gateway> {
  const stable = await strictUpstream(t, (response) => response.end('stable'));
  const canary = await strictUpstream(t, (response) => {
    response.statusCode = canaryStatus;
    response.end('canary');
  });
  return startGateway(
    t,
    `routes:
  - name: web
    versions:
      stable: { weight: 50, endpoints: ["127.0.0.1:${stable.port}"] }
      canary: { weight: 50, endpoints: ["127.0.0.1:${canary.port}"] }
`,
    null,
    FAST,
  );
}

async function verdict(gateway: Gateway, query: string): Promise<AnalysisAnswer> {
  const { status, body } = await gateway.admin(`/api/analysis?${query}`);
  if (status !== 200) throw new Error(body);
  return JSON.parse(body);
}

t.test('what workers count becomes a verdict at /api/analysis', async (t) => {
  const gateway = await webAt(t, 500);
  let sent = 0;
  const failed = async () => {
    sent += (await gateway.count(40))['canary'] ?? 0;
    return (await verdict(gateway, QUERY)).verdict === 'fail';
  };
  await gateway.until(failed, 'a fail');
  await gateway.until(async () => (await verdict(gateway, QUERY)).candidate.attempts === sent, 'every attempt');
  const { code, candidate, baseline } = await verdict(gateway, QUERY);
  t.equal(code, -1);
  t.match(candidate, { version: 'canary', role: 'canary', failureRate: 1 });
  t.match(baseline, { version: 'stable', failures: 0 });
});

t.test('a question that is none gets a line with its remedy', async (t) => {
  const gateway = await webAt(t, 200);
  t.match(await gateway.admin('/api/analysis?route=api'), {
    status: 404,
    body: 'there is no route api: the routes are web\n',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });
  t.match(await gateway.admin('/api/analysis?rout=web'), { status: 400, body: /did you mean route\?/ });
  t.match(await gateway.admin('/api/analysis/blocks?route=web'), { status: 400, body: /must be NAMESPACE/ });
});
