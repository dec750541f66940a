import type { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { pod, rollout, services, TestSource } from '../control/cluster.ts';
import { type LocalGateway, startGateway } from '../control/gateway.ts';
import { startLoad } from '../control/load.ts';
import { samples } from '../control/samples.ts';
import { rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const CONFIG = `source: { files: [.] }
workers: 2
ejection: false
routes:
  - rollout: web
    headers: [{ name: x-canary, present: true, to: canary }]
`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ERROR = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno';

/** A Rollout at 50 %, whose canary fails in several ways, over and over. */
async function web(t: Test) {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on('worker', onWorker);
  t.teardown(() => process.removeListener('worker', onWorker));
  const stable = await strictUpstream(t);
  let asked = 0;
  const canary = await rawUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      asked += 1;
      if (asked % 5 === 0) return peer.reset();
      if (asked % 7 === 0) return void peer.socket.end('HTTP/1.1 200 O');
      peer.send(asked % 3 === 0 ? ERROR : OK);
    }
  });
  const pods = { stable: pod('aaa', stable.port), canary: pod('bbb', canary.port) };
  const source = new TestSource([
    ...services(),
    rollout({ stable: 'aaa', canary: 'bbb', weight: 50 }),
    ...Object.values(pods),
  ]);
  const gateway = await startGateway(t, CONFIG, source);
  return { gateway, source, pods, threads };
}

/** What the law of docs/metrics.md sums up. */
async function sums(gateway: LocalGateway) {
  const { body } = await gateway.admin('/metrics');
  const of = (name: string, labels = {}): number => samples(body, `headgate_${name}`, labels) ?? Number.NaN;
  const refused = of('attempts_total', { outcome: 'refused' });
  const reasons = ['no_endpoints', 'unhealthy', 'connect_failed'];
  return {
    requests: of('requests_total'),
    durations: of('request_duration_seconds_count'),
    inFlight: of('requests_in_flight'),
    asked: of('attempts_total') - refused,
    refused,
    retries: of('retries_total'),
    fallbacks: reasons.reduce((sum, reason) => sum + of('fallback_total', { reason }), 0),
  };
}

t.test('while tables and Pods change under load, each request and each attempt is counted once', async (t) => {
  const { gateway, source, pods } = await web(t);
  const load = startLoad(t, gateway.port);
  const canary = startLoad(t, gateway.port, { headers: { 'x-canary': '1' } });
  for (let round = 0; round < 2; round += 1) {
    await canary.more(25);
    source.remove(pods.canary);
    await canary.more(25);
    source.apply(pods.canary);
    await canary.more(25);
    source.apply(rollout({ stable: 'aaa', canary: 'bbb', weight: 80 }));
    await canary.more(25);
    source.apply(rollout({ stable: 'bbb', canary: 'bbb' }));
    await canary.more(25);
    source.apply(rollout({ stable: 'aaa', canary: 'bbb', weight: 50 }));
  }
  await Promise.all([load.stop(), canary.stop()]);
  const answered = load.answered + canary.answered;
  // An answer is counted right behind its last byte.
  await gateway.until(async () => (await sums(gateway)).requests >= answered, 'the last count');
  const found = await sums(gateway);
  t.equal(found.requests, answered, 'each request is counted once');
  t.equal(found.durations, answered);
  t.equal(found.inFlight, 0);
  t.equal(
    found.asked,
    found.requests + found.retries,
    'each attempt but the last of a request was followed by another',
  );
  t.ok(found.refused > 0, 'the canary had no Pod for a while');
  t.ok(found.fallbacks >= found.refused && found.fallbacks <= found.refused + found.retries, JSON.stringify(found));
});

t.test('a worker that dies loses the count of what it had under way, and of nothing else', async (t) => {
  const { gateway, threads } = await web(t);
  const clients = 8;
  const load = startLoad(t, gateway.port, { clients });
  const kills = 1;
  for (let kill = 0; kill < kills; kill += 1) {
    await load.more(40);
    await threads.at(-1)?.terminate();
    await gateway.until(() => threads.length === 3 + kill, 'the next');
    await gateway.ready();
  }
  await load.more(40);
  await load.stop();
  const cut = load.failures.filter((failure) => !/^\d/.test(failure)).length;
  const answers = load.answered - cut;
  const found = await sums(gateway);
  t.equal(found.inFlight, 0, 'what it had in flight is in flight no more');
  t.ok(cut <= kills * clients, `${cut} requests were cut`);
  t.ok(
    found.requests >= answers - kills && found.requests <= load.answered,
    `${found.requests} counted of ${answers} answered and ${cut} cut`,
  );
  const lost = found.requests + found.retries - found.asked;
  t.ok(Math.abs(lost) <= kills * clients, `${lost} attempts were under way`);
});
