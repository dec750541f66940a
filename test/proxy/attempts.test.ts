import t, { type Test } from 'tap';
import { planeTo, type TestPlane, type TestPlaneOptions, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import {
  cannedUpstream,
  deadPort,
  type RawUpstream,
  rawUpstream,
  type Script,
  strictUpstream,
} from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
/** Half of a request with a body. */
const HALF_POST = POST.slice(0, -2);
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const ASK = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
const CHUNKED_ANSWER = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n';
const ENDLESS = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';

interface Scene {
  readonly plane: TestPlane;
  readonly client: RawPeer;
  readonly upstream: RawUpstream;
  /** The first connection at the upstream, after the head of a request has arrived there. */
  readonly asked: () => Promise<RawPeer>;
}

/** One version, `only`, which gets a request and does what its script says. */
async function scene(t: Test, request: string, script: Script = () => undefined): Promise<Scene> {
  const upstream = await rawUpstream(t, script);
  const plane = await planeTo(t, [upstream.port], { retries: null });
  const client = await rawClient(t, plane.port);
  client.send(request);
  const asked = async (): Promise<RawPeer> => {
    await plane.until(() => upstream.peers.length === 1, 'the connection');
    const [peer] = upstream.peers;
    if (peer === undefined) throw new Error('no connection');
    await peer.until(() => peer.unread.includes('\r\n\r\n'), 'the request');
    return peer;
  };
  return { plane, client, upstream, asked };
}

/** What was counted of `only` when nothing is in flight any more. */
async function counted(plane: TestPlane) {
  await plane.until(() => plane.inFlight() === 0, 'the end');
  return { statuses: plane.statuses('only'), attempts: plane.attempts('only') };
}

/** Asks for `canary`, beside which `stable` falls in. @returns the status */
async function askCanary(t: Test, plane: TestPlane, method = 'GET'): Promise<number> {
  const client = await rawClient(t, plane.port);
  client.send(`${method} / HTTP/1.1\r\nHost: a\r\nX-To: canary\r\n\r\n`);
  const { status } = await client.readFinal();
  client.socket.destroy();
  return status;
}

async function besideStable(t: Test, ports: readonly number[], more: Partial<TestPlaneOptions> = {}) {
  const stable = await strictUpstream(t);
  const versions = { stable: { ports: [stable.port] }, canary: { ports, fallback: ['stable'] } };
  return await testPlane(t, { versions, ...more });
}

for (const status of [200, 204, 304, 404, 413, 429, 499]) {
  t.test(`an answer of ${status} is an attempt that went well`, async (t) => {
    const upstream = await strictUpstream(t, (response) => void response.writeHead(status).end());
    const plane = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, plane.port);
    client.send(GET);
    await client.readFinal();
    t.same(await counted(plane), { statuses: { [status]: 1 }, attempts: { ok: 1 } });
  });
}

for (const status of [500, 503, 599]) {
  t.test(`an answer of ${status} is an error of the version`, async (t) => {
    const upstream = await strictUpstream(t, (response) => void response.writeHead(status).end());
    const plane = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, plane.port);
    client.send(GET);
    await client.readFinal();
    t.same(await counted(plane), { statuses: { [status]: 1 }, attempts: { error: 1 } });
  });
}

t.test('interim answers make no attempt of their own, and HEAD is a request like others', async (t) => {
  const upstream = await strictUpstream(t, (response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: '</a>' });
    response.end('body');
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.readFinal({ method: 'HEAD' });
  t.same(await counted(plane), { statuses: { 200: 1 }, attempts: { ok: 1 } });
});

t.test('an early answer counts as what it says, and its client may go on sending', async (t) => {
  const { plane, client, asked } = await scene(t, HALF_POST);
  (await asked()).send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
  t.equal((await client.readFinal()).status, 413);
  client.send('dy');
  t.same(await counted(plane), { statuses: { 413: 1 }, attempts: { ok: 1 } });
});

/** What an upstream does once it has the head of a GET, and as what the request and the attempt count. */
const FAILURES: Readonly<
  Record<string, readonly [end: (peer: RawPeer) => void, status: number, outcome: string, waitMs?: number]>
> = {
  'a reset': [(peer) => peer.reset(), 502, 'reset'],
  'a FIN': [(peer) => void peer.socket.end(), 502, 'reset'],
  'half a head': [(peer) => void peer.socket.end('HTTP/1.1 200 O'), 502, 'reset'],
  'an interim answer and a FIN': [(peer) => void peer.socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'), 502, 'reset'],
  'half a body': [(peer) => void peer.socket.end(ENDLESS), 200, 'reset'],
  'half the body of an error': [(peer) => void peer.socket.end(ENDLESS.replace('200', '500')), 500, 'reset'],
  'what is no HTTP': [(peer) => peer.send('SSH-2.0-OpenSSH\r\n\r\n'), 502, 'error'],
  'a 101 that nobody asked for': [(peer) => peer.send(SWITCH), 502, 'error'],
  'a chunk size that is none, in one read with the head': [
    (peer) => peer.send(`${CHUNKED_ANSWER}zz\r\n`),
    502,
    'error',
  ],
  silence: [() => undefined, 504, 'timeout', 60_000],
  'a body that stops': [(peer) => peer.send(ENDLESS), 200, 'timeout', 60_000],
};

for (const [name, [end, status, outcome, waitMs]] of Object.entries(FAILURES)) {
  t.test(`${name}: the request counts as ${status}, the attempt as ${outcome}`, async (t) => {
    const { plane, client, asked } = await scene(t, GET);
    end(await asked());
    if (waitMs !== undefined) {
      if (status === 200) await client.readThrough('half');
      plane.pass(waitMs);
    }
    t.same(await counted(plane), { statuses: { [status]: 1 }, attempts: { [outcome]: 1 } });
  });
}

t.test(
  'a chunk size that is none after the head went out: the request counts as 200, the attempt as error',
  async (t) => {
    const { plane, client, asked } = await scene(t, GET);
    const peer = await asked();
    peer.send(CHUNKED_ANSWER);
    await client.readThrough('ok');
    peer.send('zz\r\n');
    t.same(await counted(plane), { statuses: { 200: 1 }, attempts: { error: 1 } });
  },
);

t.test('a connection that is refused is an attempt, at each endpoint that was tried', async (t) => {
  const plane = await besideStable(t, [await deadPort(), await deadPort()], { noFallback: ['canary'] });
  t.equal(await askCanary(t, plane), 502);
  t.same(plane.attempts('canary'), { connect_failed: 2 });
  t.same(plane.statuses('canary'), { 502: 1 });
});

t.test('a failed connect that the fallback hides is charged to the version that failed', async (t) => {
  const plane = await besideStable(t, [await deadPort()]);
  t.equal(await askCanary(t, plane), 200);
  t.same([plane.attempts('canary'), plane.statuses('canary')], [{ connect_failed: 1 }, {}]);
  t.same([plane.attempts('stable'), plane.statuses('stable')], [{ ok: 1 }, { 200: 1 }]);
});

t.test('a reset that a retry hides is charged to the version, and so is the answer', async (t) => {
  const upstream = await rawUpstream(t, async (peer, index) => {
    await peer.readRequest();
    if (index === 0) peer.reset();
    else peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const plane = await besideStable(t, [upstream.port]);
  t.equal(await askCanary(t, plane), 200);
  t.same(plane.attempts('canary'), { reset: 1, ok: 1 });
  t.same(plane.statuses('canary'), { 200: 1 });
});

t.test('a version without endpoints has refused what its fallback answers', async (t) => {
  const plane = await besideStable(t, []);
  t.equal(await askCanary(t, plane), 200);
  t.same([plane.attempts('canary'), plane.attempts('stable')], [{ refused: 1 }, { ok: 1 }]);
  t.same(plane.fallbacks(), { 'canary>stable no_endpoints': 1 });
});

t.test('a version whose endpoints are all ejected has refused what its fallback answers', async (t) => {
  const plane = await besideStable(t, [await deadPort()]);
  for (let i = 0; i < 7; i += 1) t.equal(await askCanary(t, plane), 200);
  t.same(plane.attempts('canary'), { connect_failed: 5, refused: 2 });
  t.same(plane.fallbacks(), { 'canary>stable connect_failed': 5, 'canary>stable unhealthy': 2 });
});

t.test('a version that nobody falls in for has refused what is answered 503', async (t) => {
  const plane = await besideStable(t, [], { noFallback: ['canary'] });
  t.equal(await askCanary(t, plane), 503);
  t.same([plane.attempts('canary'), plane.statuses('canary')], [{ refused: 1 }, { 503: 1 }]);
});

t.test('where nobody has an endpoint, the version that was chosen has refused', async (t) => {
  const plane = await testPlane(t, {
    versions: { stable: { fallback: ['canary'] }, canary: { fallback: ['stable'] } },
  });
  t.equal(await askCanary(t, plane), 503);
  t.same([plane.attempts('canary'), plane.attempts('stable')], [{ refused: 1 }, {}]);
});

t.test('what an aborted or absent version would have got is charged to nobody but who answers', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await besideStable(t, []);
  const { table, endpoints } = staticTable({ stable: { ports: [stable.port] }, canary: {} });
  const [route] = table.routes;
  if (route === undefined) throw new Error('no route');
  const rules = route.rules.map((rule) => ({
    ...rule,
    target: { asked: 'canary', versions: [0], reason: 'aborted' as const, fallback: true },
  }));
  plane.apply({ routes: [{ ...route, rules }] }, endpoints);
  t.equal(await askCanary(t, plane), 200);
  t.same([plane.attempts('canary'), plane.attempts('stable')], [{}, { ok: 1 }]);
  t.same(plane.fallbacks(), { 'canary>stable aborted': 1 });
});

t.test('a replacement that has no endpoint in its turn has refused', async (t) => {
  const canary = await strictUpstream(t);
  const plane = await besideStable(t, []);
  const versions = { stable: { fallback: ['canary'] }, canary: { ports: [canary.port] } };
  const { table, endpoints } = staticTable(versions);
  const [route] = table.routes;
  if (route === undefined) throw new Error('no route');
  const absent = { asked: 'experiment', versions: [0], reason: 'absent' as const, fallback: true };
  plane.apply({ routes: [{ ...route, rules: route.rules.map((rule) => ({ ...rule, target: absent })) }] }, endpoints);
  t.equal(await askCanary(t, plane), 200);
  t.same([plane.attempts('stable'), plane.attempts('canary')], [{ refused: 1 }, { ok: 1 }]);
});

t.test('a full queue, and a wait that was too long, are refusals of the version', async (t) => {
  const upstream = await rawUpstream(t, () => undefined);
  const plane = await planeTo(t, [upstream.port], {
    limits: { requestsPerEndpoint: 1, pending: 1 },
    timeouts: { pending: 1_000 },
  });
  const [first, second, third] = [
    await rawClient(t, plane.port),
    await rawClient(t, plane.port),
    await rawClient(t, plane.port),
  ];
  first.send(GET);
  await plane.until(() => upstream.peers.length === 1, 'the first');
  second.send(GET);
  await plane.until(() => plane.waiting('only') === 1, 'the second');
  third.send(GET);
  t.equal((await third.readFinal()).body.toString(), 'queue_full\n');
  t.same(plane.attempts('only'), { refused: 1 });
  plane.pass(1_000);
  t.equal((await second.readFinal()).body.toString(), 'pending_timeout\n');
  t.same(plane.attempts('only'), { refused: 2 });
});

t.test('endpoints that leave while a request waits for one: refused, and the fallback answers', async (t) => {
  const upstream = await rawUpstream(t, () => undefined);
  const plane = await besideStable(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  const first = await rawClient(t, plane.port);
  first.send(GET.replace('\r\n\r\n', '\r\nX-To: canary\r\n\r\n'));
  await plane.until(() => upstream.peers.length === 1, 'the first');
  const asked = askCanary(t, plane);
  await plane.until(() => plane.waiting('canary') === 1, 'the second');
  plane.plane.applyEndpoints({ 'static/test/canary': [] });
  t.equal(await asked, 200);
  t.same([plane.attempts('canary'), plane.attempts('stable')], [{ refused: 1 }, { ok: 1 }]);
  t.same(plane.fallbacks(), { 'canary>stable no_endpoints': 1 });
});

/** The only endpoint is busy with a request, and a second one waits for it. */
async function oneWaits(t: Test) {
  const upstream = await rawUpstream(t, () => undefined);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  const [first, second] = [await rawClient(t, plane.port), await rawClient(t, plane.port)];
  first.send(GET);
  await plane.until(() => upstream.peers.length === 1, 'the first');
  second.send(GET);
  await plane.until(() => plane.waiting('only') === 1, 'the second');
  return { plane, second };
}

t.test('endpoints that leave while a request waits and nobody falls in: refused once', async (t) => {
  const { plane, second } = await oneWaits(t);
  plane.plane.applyEndpoints({ 'static/test/only': [] });
  t.equal((await second.readFinal()).status, 503);
  t.same(plane.attempts('only'), { refused: 1 });
});

t.test('a client that leaves before the head of the answer shows nothing of the version', async (t) => {
  const { plane, client, asked } = await scene(t, GET);
  await asked();
  client.reset();
  t.same(await counted(plane), { statuses: { 499: 1 }, attempts: {} });
});

for (const [status, outcome] of [
  [200, 'ok'],
  [500, 'error'],
] as const) {
  t.test(
    `a client that leaves after the head of the answer: the attempt is what the head said, ${status}`,
    async (t) => {
      const { plane, client, asked } = await scene(t, GET);
      (await asked()).send(ENDLESS.replace('200', String(status)));
      await client.readThrough('half');
      client.reset();
      t.same(await counted(plane), { statuses: { 499: 1 }, attempts: { [outcome]: 1 } });
    },
  );
}

t.test('a client that leaves the queue shows nothing of the version', async (t) => {
  const { plane, second } = await oneWaits(t);
  second.reset();
  await plane.until(() => plane.inFlight() === 1, 'the second to leave');
  t.same([plane.statuses('only'), plane.attempts('only')], [{ 499: 1 }, {}]);
});

t.test('a body that its client breaks off, or sends wrong, or not at all, shows nothing of the version', async (t) => {
  for (const [request, end, status] of [
    [HALF_POST, ({ client }: Scene) => void client.socket.end(), 400],
    [CHUNKED, ({ client }: Scene) => client.send('zz\r\n'), 400],
    [HALF_POST, ({ plane }: Scene) => plane.pass(60_000), 408],
  ] as const) {
    const under = await scene(t, request);
    await under.asked();
    end(under);
    t.same(await counted(under.plane), { statuses: { [status]: 1 }, attempts: {} });
  }
});

t.test('a client that holds back its body while an early answer waits for it is the one that is late', async (t) => {
  const { plane, client, asked } = await scene(t, HALF_POST);
  (await asked()).send(ENDLESS);
  await client.readThrough('half');
  plane.pass(60_000);
  t.same(await counted(plane), { statuses: { 200: 1 }, attempts: { ok: 1 } });
  t.same(plane.failures('only'), {});
});

t.test('an upstream that neither takes the body nor goes on with its early answer is late', async (t) => {
  const { plane, client, asked } = await scene(t, CHUNKED);
  const peer = await asked();
  peer.send(ENDLESS);
  await client.readThrough('half');
  peer.socket.pause();
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const full = async () => {
    await turn();
    return client.socket.writableLength > 0;
  };
  while (!(await full())) client.send(chunk);
  plane.pass(60_000);
  t.same(await counted(plane), { statuses: { 200: 1 }, attempts: { timeout: 1 } });
});

t.test('an upstream that hangs up on a client whose body does not come shows nothing of the version', async (t) => {
  for (const [early, waitMs, expected] of [
    ['', 1_000, { statuses: { 502: 1 }, attempts: {} }],
    ['', 999, { statuses: { 502: 1 }, attempts: { reset: 1 } }],
    [ENDLESS, 1_000, { statuses: { 200: 1 }, attempts: { ok: 1 } }],
    [ENDLESS, 999, { statuses: { 200: 1 }, attempts: { reset: 1 } }],
  ] as const) {
    const { plane, client, asked } = await scene(t, HALF_POST);
    const peer = await asked();
    if (early !== '') {
      peer.send(early);
      await client.readThrough('half');
    }
    plane.pass(waitMs);
    peer.reset();
    t.same(await counted(plane), expected, `${waitMs} ms`);
  }
});

t.test('a body that goes wrong after the head of an early answer: the attempt is what the head said', async (t) => {
  for (const [request, end] of [
    [HALF_POST, ({ client }: Scene) => void client.socket.end()],
    [CHUNKED, ({ client }: Scene) => client.send('zz\r\n')],
  ] as const) {
    const under = await scene(t, request);
    (await under.asked()).send(ENDLESS);
    await under.client.readThrough('half');
    end(under);
    t.same(await counted(under.plane), { statuses: { 200: 1 }, attempts: { ok: 1 } });
  }
});

t.test('a broken body that came with its head is sent to nobody and charged to no attempt', async (t) => {
  const { plane, client, upstream } = await scene(t, `${CHUNKED}zz\r\n`);
  t.equal((await client.readFinal()).status, 400);
  t.same(await counted(plane), { statuses: { 400: 1 }, attempts: {} });
  t.equal(upstream.peers.length, 0);
});

t.test('answers of Headgate that concern no version are no attempts', async (t) => {
  const { plane, client } = await scene(t, 'OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n');
  t.equal((await client.readFinal()).status, 200);
  t.same(await counted(plane), { statuses: {}, attempts: {} });
});

t.test('a tunnel is an attempt that went well when it begins, and is none when it ends', async (t) => {
  const { plane, client, asked } = await scene(t, ASK);
  const peer = await asked();
  peer.send(SWITCH);
  await client.readResponse();
  t.same(plane.attempts('only'), { ok: 1 });
  t.equal(plane.inFlight(), 1);
  peer.reset();
  t.same(await counted(plane), { statuses: { 101: 1 }, attempts: { ok: 1 } });
});

t.test('an upgrade that is refused is an answer like others', async (t) => {
  const { plane, client, asked } = await scene(t, ASK);
  (await asked()).send('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  t.equal((await client.readResponse()).status, 403);
  t.same(await counted(plane), { statuses: { 403: 1 }, attempts: { ok: 1 } });
});

t.test('pipelined requests are attempts of their own', async (t) => {
  const upstream = await cannedUpstream(t, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET.repeat(5));
  for (let i = 0; i < 5; i += 1) await client.readFinal();
  await turn();
  t.same(await counted(plane), { statuses: { 200: 5 }, attempts: { ok: 5 } });
});
