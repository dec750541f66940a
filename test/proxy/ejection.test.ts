import t, { type Test } from 'tap';
import { createLogger } from '../../src/telemetry/logger.ts';
import { planeTo, TestPlane, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { deadPort, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const EJECTION = testSettings().ejection;

async function ask(t: Test, plane: TestPlane, request = GET): Promise<number> {
  const client = await rawClient(t, plane.port);
  client.send(request);
  const { status } = await client.readFinal();
  client.socket.destroy();
  return status;
}

/** Does `answer` for each request, on whatever connection; `heads` counts them. */
async function scripted(t: Test, answer: (peer: RawPeer, head: number) => Promise<void> | void) {
  const upstream = await rawUpstream(t, async (peer) => {
    while (!peer.closed) {
      await peer.readRequest();
      counted.heads += 1;
      await answer(peer, counted.heads);
    }
  });
  const counted = Object.assign(upstream, { heads: 0 });
  return counted;
}

t.test('an endpoint that refuses connections costs no request, and after five is not tried any more', async (t) => {
  const other = await strictUpstream(t);
  const plane = await planeTo(t, [other.port, await deadPort()]);
  for (let i = 0; i < 60; i += 1) t.equal(await ask(t, plane, i % 2 === 0 ? GET : POST), 200);
  t.same(plane.failures('only'), { connect_refused: 5 });
  t.same(plane.ejections('only'), { connect: 1 });
  plane.pass(250);
  t.equal(plane.ejected('only'), 1);
  t.equal(other.seen.length, 60, 'each once');
});

t.test('where the last endpoint of a version refuses connections, one that is left out is tried', async (t) => {
  const [dead, back] = [await deadPort(), await strictUpstream(t)];
  const plane = await planeTo(t, [back.port, dead]);
  const pool = plane.plane.upstreams.of('static/test/only');
  const [first] = pool.endpoints.filter(({ endpoint }) => endpoint.port === back.port);
  if (first === undefined) throw new Error('no endpoint');
  for (let i = 0; i < 5; i += 1) pool.failed(first, plane.plane.tick());
  t.equal(pool.ejected, 1);
  for (let i = 0; i < 3; i += 1) t.equal(await ask(t, plane, POST), 200);
  t.same(plane.failures('only'), { connect_refused: 3 });
  t.same(plane.retries('only'), { connect: 3 });
});

t.test('a canary that listens and never answers is ejected, and its fallback answers: unhealthy', async (t) => {
  const kinds: Readonly<Record<string, readonly [answer: (peer: RawPeer) => Promise<void> | void, waitMs: number]>> = {
    reset: [(peer) => peer.reset(), 0],
    bad_response: [(peer) => peer.send('SSH-2.0-OpenSSH\r\n\r\n'), 0],
    truncated: [
      async (peer) => {
        peer.send('HTTP/1.1 200 OK\r\nContent-Le');
        for (let i = 0; i < 5; i += 1) await turn();
        peer.socket.end();
      },
      0,
    ],
    response_timeout: [() => undefined, 60_000],
  };
  for (const [reason, [answer, waitMs]] of Object.entries(kinds)) {
    const stable = await strictUpstream(t);
    const canary = await scripted(t, answer);
    const plane = await testPlane(t, {
      versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
    });
    for (let i = 1; i <= 5; i += 1) {
      const status = ask(t, plane, POST);
      await plane.until(() => canary.heads === i, 'the request');
      if (waitMs > 0) plane.pass(waitMs);
      t.equal(await status, waitMs > 0 ? 504 : 502, reason);
      plane.pass(250);
    }
    for (let i = 0; i < 10; i += 1) t.equal(await ask(t, plane, POST), 200, reason);
    t.same(plane.failures('canary'), { [reason]: 5 });
    t.same(plane.ejections('canary'), { no_answer: 1 }, reason);
    t.same(plane.fallbacks(), { 'canary>stable unhealthy': 10 });
    t.equal(canary.heads, 5, 'and it is not asked any more');
    plane.plane.destroy();
  }
});

t.test(
  'after its time one request tries a canary that never answers, and all others fall back meanwhile',
  async (t) => {
    const stable = await strictUpstream(t);
    let well = false;
    const canary = await scripted(t, (peer) => {
      if (well) peer.send(OK);
    });
    const plane = await testPlane(t, {
      versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
      ejection: { failures: 1, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: false },
    });
    const first = ask(t, plane);
    await plane.until(() => canary.heads === 1, 'the request');
    plane.pass(60_000);
    t.equal(await first, 504);
    plane.pass(33_001);
    const trial = ask(t, plane);
    await plane.until(() => canary.heads === 2, 'the trial');
    for (let i = 0; i < 10; i += 1) t.equal(await ask(t, plane), 200);
    t.equal(canary.heads, 2);
    plane.pass(60_000);
    t.equal(await trial, 504);
    plane.pass(33_001);
    t.equal(await ask(t, plane), 200);
    t.equal(canary.heads, 2, 'twice 30 seconds this time');
    well = true;
    plane.pass(33_001);
    for (let i = 0; i < 10; i += 1) t.equal(await ask(t, plane), 200);
    t.equal(canary.heads, 12, 'it answers: all are its again');
  },
);

t.test('a client that leaves during the trial makes room for another', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await scripted(t, (peer, head) => {
    if (head === 1) peer.reset();
    else if (head > 2) peer.send(OK);
  });
  const plane = await testPlane(t, {
    versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
    ejection: { failures: 1, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: false },
  });
  t.equal(await ask(t, plane, POST), 502);
  plane.pass(33_001);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await plane.until(() => canary.heads === 2, 'the trial');
  client.reset();
  await plane.until(() => plane.inFlight() === 0, 'the abort');
  t.equal(await ask(t, plane), 200);
  t.equal(canary.heads, 3);
});

t.test('a stream or a tunnel on trial makes room with its head: others need not wait for its end', async (t) => {
  const answers = {
    stream: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    tunnel: 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n',
  };
  for (const [kind, answer] of Object.entries(answers)) {
    const stable = await strictUpstream(t);
    const canary = await scripted(t, (peer, head) => {
      if (head === 1) peer.reset();
      else peer.send(head === 2 ? answer : OK);
    });
    const plane = await testPlane(t, {
      versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
      ejection: { failures: 1, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: false },
    });
    t.equal(await ask(t, plane, POST), 502);
    plane.pass(33_001);
    const client = await rawClient(t, plane.port);
    client.send(kind === 'tunnel' ? GET.replace('Host', 'Connection: upgrade\r\nUpgrade: chat\r\nHost') : GET);
    await client.readThrough('\r\n\r\n');
    t.equal(await ask(t, plane), 200);
    t.equal(canary.heads, 3, kind);
  }
});

t.test('a stable version of one Pod is always tried: while the Pod is there nobody is told 503', async (t) => {
  let well = false;
  const only = await scripted(t, (peer) => (well ? peer.send(OK) : peer.reset()));
  const plane = await testPlane(t, {
    versions: { stable: { ports: [only.port], fallback: ['canary'] }, canary: { fallback: ['stable'] } },
  });
  for (let i = 0; i < 20; i += 1) {
    t.equal(await ask(t, plane, POST), 502);
    plane.pass(250);
  }
  t.equal(only.heads, 20);
  t.same(plane.ejections('stable'), { no_answer: 1 });
  well = true;
  t.equal(await ask(t, plane, POST), 200, 'and has its answers as soon as there are any');
  plane.pass(250);
  t.equal(plane.ejected('stable'), 0);
});

t.test('a rule with `fallback: none` leads to an ejected version all the same', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await scripted(t, (peer) => peer.reset());
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { ports: [canary.port], fallback: ['stable'] } },
    noFallback: ['canary'],
  });
  for (let i = 0; i < 8; i += 1) t.equal(await ask(t, plane, POST.replace('Host', 'X-To: canary\r\nHost')), 502);
  t.equal(canary.heads, 8);
});

t.test('answers of 500 eject nobody: an analysis is to see them', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await strictUpstream(t, (response) => void response.writeHead(500).end());
  const plane = await testPlane(t, {
    versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
  });
  for (let i = 0; i < 20; i += 1) t.equal(await ask(t, plane), 500);
  t.same([plane.ejections('canary'), plane.fallbacks()], [{}, {}]);
});

t.test('answers of 500 eject where `serverErrors` says so, and one of 404 does not', async (t) => {
  const stable = await strictUpstream(t);
  let status = 404;
  const canary = await strictUpstream(t, (response) => void response.writeHead(status).end());
  const plane = await testPlane(t, {
    versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
    ejection: { failures: 5, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: true },
  });
  for (let i = 0; i < 10; i += 1) t.equal(await ask(t, plane), 404);
  status = 503;
  for (let i = 0; i < 5; i += 1) {
    t.equal(await ask(t, plane), 503);
    plane.pass(250);
  }
  t.equal(await ask(t, plane), 200);
  t.same(plane.ejections('canary'), { server_error: 1 });
});

t.test('a connection that had served before and is closed says nothing of its endpoint', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(OK);
    await peer.readRequest();
    peer.reset();
  });
  const plane = await planeTo(t, [upstream.port]);
  const clients = await Promise.all(Array.from({ length: 10 }, () => rawClient(t, plane.port)));
  for (const request of [GET, POST]) {
    for (const client of clients) client.send(request);
    for (const client of clients) await client.readResponse();
  }
  t.same(plane.failures('only'), { reset: 10 });
  t.same(plane.ejections('only'), {});
});

t.test('an event stream that pauses for too long says nothing of its endpoint', async (t) => {
  const upstream = await scripted(t, (peer) => peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
  const plane = await planeTo(t, [upstream.port]);
  for (let i = 0; i < 6; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send(GET);
    await client.readThrough('\r\n\r\n');
    plane.pass(30_000);
    await client.until(() => client.ended || client.closed, 'the cut').catch(() => undefined);
  }
  t.same(plane.failures('only'), { idle_timeout: 6 });
  t.same(plane.ejections('only'), {});
});

t.test('an ejection and the return are one line each in the log', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  const other = await strictUpstream(t);
  let well = false;
  const failing = await scripted(t, (peer) => (well ? peer.send(OK) : peer.reset()));
  let now = 1_000;
  const under = new TestPlane(testSettings(), { now: () => now }, logger);
  t.teardown(() => under.plane.destroy());
  const { table, endpoints } = staticTable({ only: { ports: [failing.port, other.port] } });
  under.apply(table, endpoints);
  await under.listen('127.0.0.1');
  for (let i = 0; i < 60; i += 1) {
    await ask(t, under);
    now += 250;
  }
  well = true;
  now += 33_001;
  under.plane.sweep();
  for (let i = 0; i < 20; i += 1) await ask(t, under);
  const told = lines.filter(({ msg }) => msg !== 'upstream failed');
  const place = { upstream: `127.0.0.1:${failing.port}`, route: 'test', version: 'only', role: 'static' };
  t.match(told, [
    { level: 'warn', ...place, reason: 'no_answer', msg: /is left out/ },
    { level: 'info', ...place, msg: /answers again/ },
  ]);
  t.equal(told.length, 2);
  t.ok(Number(told[0]?.['seconds']) >= 30);
});

t.test('the gauge follows a version through its changes of role, and an old series is 0 again', async (t) => {
  const other = await strictUpstream(t);
  const plane = await planeTo(t, [other.port, await deadPort()]);
  for (let i = 0; i < 40; i += 1) await ask(t, plane);
  plane.pass(250);
  t.equal(plane.ejected('only'), 1);
  const { table, endpoints } = staticTable({ only: { ports: [other.port] } });
  plane.apply({ routes: [] }, endpoints);
  t.equal(plane.ejected('only'), 0);
  plane.apply(table, {});
  t.equal(plane.ejected('only'), 0);
});

t.test('with `ejection: false` an endpoint is tried however often it fails', async (t) => {
  const upstream = await scripted(t, (peer) => peer.reset());
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { canary: { ports: [upstream.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
    ejection: null,
  });
  t.not(EJECTION, null, 'it is on unless it is switched off');
  for (let i = 0; i < 10; i += 1) t.equal(await ask(t, plane, POST), 502);
  t.equal(upstream.heads, 10);
});

t.test(
  'who waits for a version that is found to fail goes to its fallback, and stays where there is none',
  async (t) => {
    const limits = { requestsPerEndpoint: 1, pending: 10 };
    for (const fallback of [['stable'], []]) {
      const stable = await strictUpstream(t);
      let well = false;
      const canary = await scripted(t, (peer) => (well ? peer.send(OK) : undefined));
      const plane = await testPlane(t, {
        versions: { canary: { ports: [canary.port], fallback }, stable: { ports: [stable.port] } },
        ejection: { failures: 1, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: false },
        timeouts: { pending: 0 },
        limits,
      });
      const first = ask(t, plane, POST);
      await plane.until(() => canary.heads === 1, 'the request');
      const others = [ask(t, plane, POST), ask(t, plane, POST)];
      await plane.until(() => plane.inFlight() === 3, 'those that wait');
      well = true;
      plane.pass(60_000);
      t.same(await Promise.all([first, ...others]), [504, 200, 200]);
      t.equal(canary.heads, fallback.length > 0 ? 1 : 3);
      t.same(plane.fallbacks(), fallback.length > 0 ? { 'canary>stable unhealthy': 2 } : {});
    }
  },
);
