import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { answerPeer } from '../../src/analysis/peer-protocol.ts';
import { Peers } from '../../src/analysis/peers.ts';
import type { VersionId } from '../../src/telemetry/version-id.ts';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { canaryRoute, table } from '../telemetry/tables.ts';
import { Traffic } from './traffic.ts';

const STABLE = '5d8c';
const CANARY = '7f9b';
const id = (version: string): VersionId => ({
  route: 'talana',
  namespace: 'shop',
  rollout: 'talana',
  experiment: '',
  version,
});

/** Another replica: its counts, and an admin port that answers for them unless `answer` does. */
async function replica(t: Test, answer?: (response: ServerResponse, query: URLSearchParams) => void) {
  const traffic = new Traffic();
  traffic.apply(table(canaryRoute()));
  const asked: URLSearchParams[] = [];
  const own = { instance: 'other', headgate: '0.1.0', recorder: traffic.recorder, now: () => traffic.now };
  const { port } = await strictUpstream(t, (response, { target }) => {
    const query = new URLSearchParams(target.split('?')[1]);
    asked.push(query);
    if (answer === undefined) response.end(JSON.stringify(answerPeer(query, own)));
    else answer(response, query);
  });
  return { traffic, asked, port };
}

/** What asks it. `now` is this replica's clock, which the test moves. */
function asking(t: Test, port: number, change: Partial<ConstructorParameters<typeof Peers>[0]> = {}) {
  const clock = { now: 5_000 };
  const peers = new Peers({
    host: 'headgate-admin',
    port,
    timeout: 2_000,
    instance: 'own',
    now: () => clock.now,
    resolve: async () => ['127.0.0.1'],
    ...change,
  });
  t.teardown(() => peers.close());
  const ask = () => peers.ask(id(CANARY), id(STABLE));
  return { peers, clock, ask };
}

t.test('what another replica has recorded comes with its time, by this one’s clock', async (t) => {
  const { traffic, port } = await replica(t);
  const { ask } = asking(t, port);
  traffic.send(CANARY, 1);
  traffic.wait(1);
  traffic.send(CANARY, 30, { failures: 2 });
  traffic.send(STABLE, 50, { ms: 20 });
  traffic.wait(8);
  const { asked, missing, windows } = await ask();
  t.strictSame({ asked, missing }, { asked: 1, missing: [] });
  t.equal(windows.length, 1);
  t.equal(windows[0]?.start, 5_000 - 8_000);
  t.equal(windows[0]?.end, 5_000 - 3_000);
  t.match(windows[0]?.pairs(), [
    { end: 2_000, candidate: { attempts: 31, failures: 2 }, baseline: { attempts: 50, durations: { counts: [50] } } },
  ]);
});

t.test('each block is sent once', async (t) => {
  const { traffic, asked, port } = await replica(t);
  const { ask, clock } = asking(t, port);
  traffic.send(CANARY, 1);
  traffic.wait(11);
  t.equal((await ask()).windows[0]?.pairs().length, 2);
  clock.now += 5_000;
  traffic.send(CANARY, 9);
  traffic.wait(5);
  const second = await ask();
  t.strictSame(
    second.windows[0]?.pairs().map(({ end, candidate }) => [end, candidate.attempts]),
    [
      [0, 1],
      [5_000, 0],
      [10_000, 9],
    ],
  );
  t.strictSame(
    asked.map((query) => query.get('after')),
    [null, '2'],
  );
});

t.test('a replica that has begun anew is asked for everything', async (t) => {
  const { traffic, port } = await replica(t);
  const { ask } = asking(t, port);
  traffic.send(CANARY, 1);
  traffic.wait(20);
  await ask();
  traffic.apply(table(canaryRoute()), ['shop/talana']);
  traffic.apply(table(canaryRoute()));
  t.strictSame((await ask()).windows, [], 'nothing after the retry yet');
  traffic.send(CANARY, 7);
  traffic.wait(6);
  t.strictSame(
    (await ask()).windows[0]?.pairs().map(({ candidate }) => candidate.attempts),
    [7],
  );
});

t.test('a replica that begins anew before its first block has ended has its new start', async (t) => {
  const { traffic, port } = await replica(t);
  const { ask, clock } = asking(t, port);
  traffic.send(CANARY, 1);
  traffic.wait(3);
  t.equal((await ask()).windows[0]?.start, clock.now - 2_000);
  traffic.apply(table(canaryRoute()), ['shop/talana']);
  traffic.apply(table(canaryRoute()));
  traffic.send(CANARY, 1);
  traffic.wait(1);
  clock.now += 1_000;
  t.equal((await ask()).windows[0]?.start, clock.now);
});

t.test('this process among the addresses is not asked for, nor is one with two addresses counted twice', async (t) => {
  const { traffic, port } = await replica(t);
  traffic.send(CANARY, 5);
  traffic.wait(6);
  const self = asking(t, port, { instance: 'other' });
  t.strictSame(await self.ask(), { asked: 0, missing: [], windows: [] });
  const twice = asking(t, port, { resolve: async () => ['127.0.0.1', '127.0.0.1', '::ffff:127.0.0.1'] });
  const { asked, windows } = await twice.ask();
  t.strictSame([asked, windows.length], [1, 1]);
});

t.test('who asks the same meanwhile gets the same answer', async (t) => {
  const { asked, port } = await replica(t);
  const { ask } = asking(t, port);
  const [first, second] = await Promise.all([ask(), ask()]);
  t.equal(first, second);
  t.equal(asked.length, 1);
});

const SILENT: readonly [what: string, answer: (response: ServerResponse) => void, reason: string][] = [
  [
    'an older Headgate',
    (response) => response.writeHead(404).end('not found'),
    'it is an older Headgate, which counts no blocks',
  ],
  ['one that is busy', (response) => response.writeHead(503).end('busy'), 'status 503'],
  ['something else', (response) => response.end('hello'), 'its answer is no JSON'],
  ['other JSON', (response) => response.end('{"hello":1}'), 'its answer is none of a Headgate'],
  [
    'a newer Headgate',
    (response) => response.end('{"protocol":2,"headgate":"9.0.0","instance":"x","windows":7}'),
    'it is Headgate 9.0.0, whose counts this one cannot read: run one version',
  ],
  [
    'samples that are none',
    (response) =>
      response.end(
        '{"protocol":1,"headgate":"0","instance":"x","window":{"id":1,"age":9,"after":0,"blocks":[[1,"AAAC"]]}}',
      ),
    'its answer is broken',
  ],
  [
    'a time that no date can be made of',
    (response) =>
      response.end('{"protocol":1,"headgate":"0","instance":"x","window":{"id":1,"age":1e300,"after":0,"blocks":[]}}'),
    'its answer is broken',
  ],
  [
    'a name of megabytes',
    (response) => response.end(`{"protocol":2,"headgate":"${'h'.repeat(1e6)}","instance":"x","window":null}`),
    'its answer is none of a Headgate',
  ],
  [
    'blocks that nobody knows',
    (response) =>
      response.end('{"protocol":1,"headgate":"0","instance":"x","window":{"id":1,"age":9,"after":5,"blocks":[]}}'),
    'its answer leaves out blocks that are not known here',
  ],
  ['a connection that breaks', (response) => response.destroy(), 'UND_ERR_SOCKET'],
  ['too much', (response) => response.end('x'.repeat(9 * 1024 * 1024)), 'UND_ERR_RES_EXCEEDED_MAX_SIZE'],
];

for (const [what, answer, reason] of SILENT) {
  t.test(`a replica that does not answer as it should is named with the reason: ${what}`, async (t) => {
    const { port } = await replica(t, answer);
    const { ask } = asking(t, port);
    t.strictSame(await ask(), { asked: 1, missing: [`127.0.0.1:${port}: ${reason}`], windows: [] });
  });
}

t.test('a replica that is not there, and a name that is not, are named', async (t) => {
  const port = await deadPort();
  t.match(await asking(t, port).ask(), { asked: 1, missing: [`127.0.0.1:${port}: ECONNREFUSED`] });
  const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  const { ask } = asking(t, 8081, { resolve: () => Promise.reject(error) });
  t.strictSame(await ask(), { asked: 0, missing: ['headgate-admin:8081: ENOTFOUND'], windows: [] });
});

t.test('a replica that hangs costs the time once, and is asked again a little later', async (t) => {
  const { asked, port } = await replica(t, () => undefined);
  const { ask, clock } = asking(t, port, { timeout: 400 });
  const missing = [`127.0.0.1:${port}: no answer within 400ms`];
  t.match(await ask(), { asked: 1, missing });
  t.match(await ask(), { asked: 1, missing });
  t.equal(asked.length, 1);
  clock.now += 5_000;
  t.match(await ask(), { asked: 1, missing });
  t.equal(asked.length, 2);
});

t.test('a name that is not resolved in time is named', async (t) => {
  // Its server keeps the process alive: a time limit does not.
  const { port } = await replica(t);
  const { ask } = asking(t, port, { timeout: 30, resolve: () => new Promise(() => undefined) });
  t.match(await ask(), { asked: 0, missing: [`headgate-admin:${port}: the name was not resolved within 30ms`] });
});
