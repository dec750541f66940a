import t from 'tap';
import { DemoTraffic } from '../../src/demo/demo-traffic.ts';
import { failedVerdict } from '../../src/demo/failed-verdict.ts';
import { type DemoEvent, type Judge, SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { startGateway } from '../control/gateway.ts';

const CONFIG = `source: { files: [.] }
routes:
  - rollout: talana-backend
    headers: [{ name: x-canary, exact: "true", to: canary }]
`;
const STAYS = { firstMs: 60_000, eachMs: 60_000 } as const;
const HURRIES = { firstMs: 10, eachMs: 10 } as const;

/** Condemns nobody. */
function lenient(signal: AbortSignal): Promise<string> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** What a cluster has told, up to an event that `isLast`; the cluster is stopped then. */
async function told(
  pauses: { firstMs: number; eachMs: number },
  judge: Judge | null,
  isLast: (event: DemoEvent) => boolean,
): Promise<DemoEvent[]> {
  const events: DemoEvent[] = [];
  const { promise: last, resolve } = Promise.withResolvers<void>();
  const onEvent = (event: DemoEvent) => {
    events.push(event);
    if (isLast(event)) resolve();
  };
  const cluster = new SimulatedCluster(pauses, onEvent, judge);
  await cluster.start(() => undefined);
  await last;
  await cluster.stop();
  return events;
}

t.test('a canary that is condemned is aborted with the reason, and the next one is promoted', async (t) => {
  const asked: unknown[] = [];
  const judge: Judge = (pair, signal) => {
    asked.push(pair);
    return asked.length % 2 === 1 ? Promise.resolve('it fails too often') : lenient(signal);
  };
  const events = await told(HURRIES, judge, ({ text }) => text === 'aborted: talana-backend v1.0.5');
  const v = (patch: number) => `talana-backend v1.0.${patch}`;
  t.strictSame(
    events.map(({ weight, stable, canary, text }) => [weight, stable, canary, text]),
    [
      [10, v(2), v(3), 'setWeight: 10, a faulty canary'],
      [0, v(2), v(3), `aborted: ${v(3)}`],
      [10, v(2), v(4), 'setWeight: 10'],
      [25, v(2), v(4), 'setWeight: 25'],
      [50, v(2), v(4), 'setWeight: 50'],
      [75, v(2), v(4), 'setWeight: 75'],
      [100, v(2), v(4), 'all steps done: 100% to the canary'],
      [0, v(4), v(4), `promoted: ${v(4)} is stable`],
      [10, v(4), v(5), 'setWeight: 10, a faulty canary'],
      [0, v(4), v(5), `aborted: ${v(5)}`],
    ],
  );
  t.strictSame(
    events.flatMap(({ reason = [] }) => reason),
    ['it fails too often', 'it fails too often'],
  );
  const [first, second, third] = [
    { rollout: 'talana-backend', canary: 'ea1f615bc6', stable: 'a33dd4048c' },
    { rollout: 'talana-backend', stable: 'a33dd4048c' },
    { rollout: 'talana-backend' },
  ];
  t.match(asked, [first, second, third]);
});

t.test('a canary that is never condemned is promoted, and its judge is told that it is over', async (t) => {
  const signals: AbortSignal[] = [];
  const judge: Judge = (_pair, signal) => {
    signals.push(signal);
    return lenient(signal);
  };
  const overAtPromotion: unknown[] = [];
  await told(HURRIES, judge, ({ text }) => {
    if (!text.startsWith('promoted')) return false;
    overAtPromotion.push(signals[0]?.aborted);
    return true;
  });
  t.strictSame(overAtPromotion, [true]);
});

t.test('a cluster that is stopped tells the judge so, and waits for nothing', async (t) => {
  let seen: AbortSignal | null = null;
  const judge: Judge = (_pair, signal) => {
    seen = signal;
    return lenient(signal);
  };
  await told(STAYS, judge, () => true);
  t.match(seen, { aborted: true });
});

t.test(
  'a faulty canary answers every tenth request with 500, and aborted gets none, whatever asks for it',
  async (t) => {
    const { promise: condemned, resolve: condemn } = Promise.withResolvers<string>();
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const onEvent = ({ text }: DemoEvent) => {
      if (text.startsWith('aborted')) resolve();
    };
    const gateway = await startGateway(t, CONFIG, new SimulatedCluster(STAYS, onEvent, () => condemned));
    const answers: { status: number; body: string }[] = [];
    for (let i = 0; i < 20; i += 1) answers.push(await gateway.get('/', { 'x-canary': 'true' }));
    t.ok(answers.every(({ body }) => body.startsWith('talana-backend v1.0.3, ')));
    t.strictSame(
      answers.flatMap(({ status }, i) => (status === 500 ? [i] : [])),
      [9, 19],
    );
    condemn('it fails');
    await aborted;
    await gateway.applied();
    const bodies = Object.keys({ ...(await gateway.count(40)), ...(await gateway.count(5, { 'x-canary': 'true' })) });
    t.strictSame(
      bodies.filter((body) => !body.startsWith('talana-backend v1.0.2, answered')),
      [],
    );
  },
);

t.test("the demo's own traffic is enough for the verdict to abort the faulty canary", async (t) => {
  const { promise: aborted, resolve } = Promise.withResolvers<DemoEvent>();
  const onEvent = (event: DemoEvent) => {
    if (event.text.startsWith('aborted')) resolve(event);
  };
  const judge: Judge = async (pair, signal) => {
    const { adminPort } = await serving;
    return failedVerdict({ ...pair, adminPort }, 20, signal);
  };
  // A clock that goes a hundred times as fast: blocks of 5 s end at each tick.
  const surroundings = { now: () => performance.now() * 100, tickMs: 50 };
  const serving = startGateway(t, CONFIG, new SimulatedCluster(STAYS, onEvent, judge), surroundings);
  const { port } = await serving;
  const traffic = new DemoTraffic({ port, perSecond: 1_000, header: { 'x-canary': 'true' } });
  t.match(await aborted, {
    weight: 0,
    text: 'aborted: talana-backend v1.0.3',
    reason: /^ea1f615bc6 fails [\d.]+ points more often than a33dd4048c /,
  });
  await traffic.stop();
  t.ok(traffic.sent > 100);
  t.equal(traffic.failed, 0);
});
