import t, { type Test } from 'tap';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { experiment, pod, rollout, services, TestSource } from './cluster.ts';
import { type LocalGateway, startGateway } from './gateway.ts';

const ROUTES = `source: { files: [.] }
versionHeader: x-served
routes:
  - rollout: web
    headers: [{ name: x-canary, exact: "true", to: canary }]
    experiments: { header: x-experiment, tokens: { "open sesame": trial } }
`;
const CANARY = { 'x-canary': 'true' };
const EXPERIMENT = { 'x-experiment': 'open sesame' };

/** The Rollout `web` at 25%, a Pod of each version and one of the Experiment `trial`; each answers with its name. */
async function web(t: Test) {
  const named = async (name: string) => (await strictUpstream(t, (response) => void response.end(name))).port;
  const [stable, canary, trial] = [await named('stable'), await named('canary'), await named('trial')];
  const pods = { stable: pod('aaa', stable), canary: pod('bbb', canary), trial: pod('ccc', trial, 'trial-new') };
  const weighted = rollout({ stable: 'aaa', canary: 'bbb', weight: 25 });
  const source = new TestSource([...services(), weighted, experiment(), ...Object.values(pods)]);
  const gateway = await startGateway(t, ROUTES, source);
  return { gateway, source, pods };
}

/** What was counted in `fallback_total`, edge by edge. */
async function fallbacks(gateway: LocalGateway): Promise<Record<string, number>> {
  const { body } = await gateway.admin('/metrics');
  const edges: Record<string, number> = {};
  const line = /^headgate_fallback_total\{route="([^"]+)",from="([^"]+)",to="([^"]+)",reason="([^"]+)"\} ([1-9]\d*)$/gm;
  for (const [, , from, to, reason, value] of body.matchAll(line)) edges[`${from}>${to} ${reason}`] = Number(value);
  return edges;
}

t.test('Pods are reached at the number of their named port, each version by its weight', async (t) => {
  const { gateway } = await web(t);
  const { stable = 0, canary = 0 } = await gateway.count(100);
  t.equal(stable + canary, 100);
  t.ok(canary >= 24 && canary <= 26, `${canary} of 100 at 25 %`);
});

t.test('the header of a rule leads to the canary, every time', async (t) => {
  const { gateway } = await web(t);
  t.strictSame(await gateway.count(10, CANARY), { canary: 10 });
});

t.test('an experiment is named by token, by uid and by name', async (t) => {
  const { gateway } = await web(t);
  for (const name of ['open sesame', '0b7ad5a1-6c1f', 'trial']) {
    t.equal((await gateway.get('/', { 'x-experiment': name })).body, 'trial', name);
  }
  t.strictSame(await fallbacks(gateway), {}, 'nothing had to fall back');
});

t.test('versionHeader names the pod-template-hash that served', async (t) => {
  const { gateway } = await web(t);
  t.equal((await gateway.get('/', CANARY)).headers['x-served'], 'bbb');
  t.equal((await gateway.get('/', EXPERIMENT)).headers['x-served'], 'ccc');
});

t.test('an experiment that is deleted gets production, counted as absent, until it is back', async (t) => {
  const { gateway, source } = await web(t);
  source.remove(experiment());
  await gateway.applied();
  t.strictSame(await gateway.count(3, EXPERIMENT), { stable: 3 });
  t.strictSame(await fallbacks(gateway), { 'experiment>stable absent': 3 });
  source.apply(experiment());
  await gateway.applied();
  t.strictSame(await gateway.count(3, EXPERIMENT), { trial: 3 });
});

t.test('an experiment that has ended gets production, counted as not running', async (t) => {
  const { gateway, source } = await web(t);
  source.apply(experiment('Successful'));
  await gateway.applied();
  t.strictSame(await gateway.count(2, EXPERIMENT), { stable: 2 });
  t.strictSame(await fallbacks(gateway), { 'experiment>stable not_running': 2 });
});

t.test('after an abort the rule to the canary gets production, counted as aborted', async (t) => {
  const { gateway, source } = await web(t);
  source.apply(rollout({ stable: 'aaa', canary: 'bbb', weight: 25, abort: true }));
  await gateway.applied();
  t.strictSame(await gateway.count(4, CANARY), { stable: 4 });
  t.strictSame(await gateway.count(20), { stable: 20 }, 'and no weight is left to it');
  t.strictSame(await fallbacks(gateway), { 'canary>stable aborted': 4 });
});

t.test('a canary whose Pods are gone gets production, counted as no endpoints', async (t) => {
  const { gateway, source, pods } = await web(t);
  source.remove(pods.canary);
  await gateway.applied();
  t.strictSame(await gateway.count(2, CANARY), { stable: 2 });
  t.strictSame(await fallbacks(gateway), { 'canary>stable no_endpoints': 2 });
});

t.test('a canary that refuses connections gets production, counted as connect failed', async (t) => {
  const { gateway, source, pods } = await web(t);
  source.remove(pods.canary);
  source.apply(pod('bbb', await deadPort()));
  await gateway.applied();
  t.strictSame(await gateway.count(3, CANARY), { stable: 3 });
  t.strictSame(await fallbacks(gateway), { 'canary>stable connect_failed': 3 });
  const canary = { role: 'canary', reason: 'connect_refused' };
  t.equal(await gateway.metric('headgate_upstream_failures_total', canary), 3);
});

t.test('without a Pod that can be reached the answer is 503', async (t) => {
  const { gateway, source, pods } = await web(t);
  source.remove(pods.canary, pods.stable);
  await gateway.applied();
  t.match(await gateway.get(), { status: 503, headers: { server: 'headgate' }, body: 'no_endpoints\n' });
});
