import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { planeTo, type TestPlane, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import { rawUpstream, type StrictUpstream, strictUpstream } from '../lib/upstreams.ts';

interface Held extends StrictUpstream {
  /** Lets the oldest answer that is held back go out. */
  release(): void;
}

/** An upstream that answers only when it is told to. */
async function heldUpstream(t: Test): Promise<Held> {
  const held: (() => void)[] = [];
  const upstream = await strictUpstream(t, (response: ServerResponse, { target, body }) => {
    held.push(() => response.end(`${target} ${body}`));
  });
  return Object.assign(upstream, { release: () => held.shift()?.() });
}

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

function waiting(plane: TestPlane): number {
  return plane.waiting('only');
}

/** Sends a request and resolves when it is at the upstream (`begun` more there) or waits. */
async function sent(plane: TestPlane, t: Test, request: string, settled: () => boolean): Promise<RawPeer> {
  const client = await rawClient(t, plane.port);
  client.send(request);
  await plane.until(settled, 'the request to arrive');
  return client;
}

t.test('requests beyond limits.requestsPerEndpoint wait, and go in the order in which they came', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  const clients = [await sent(plane, t, get('/0'), () => upstream.begun === 1)];
  for (let i = 1; i < 4; i += 1) clients.push(await sent(plane, t, get(`/${i}`), () => waiting(plane) === i));
  t.equal(plane.inFlight(), 4, 'those that wait are in flight');
  for (const [i, client] of clients.entries()) {
    await plane.until(() => upstream.begun === i + 1, 'the next request');
    t.equal(upstream.begun, i + 1, 'one at a time');
    upstream.release();
    t.equal((await client.readFinal()).body.toString(), `/${i} `);
  }
  t.same(plane.statuses('only'), { 200: 4 });
  t.equal(waiting(plane), 0);
  t.equal(plane.inFlight(), 0);
});

t.test('a full endpoint is passed over while another has room', async (t) => {
  const [first, second] = [await heldUpstream(t), await heldUpstream(t)];
  const plane = await planeTo(t, [first.port, second.port], { limits: { requestsPerEndpoint: 3 } });
  for (let i = 1; i <= 6; i += 1) await sent(plane, t, get('/'), () => first.begun + second.begun === i);
  t.equal(first.begun, 3);
  t.equal(second.begun, 3);
  await sent(plane, t, get('/'), () => waiting(plane) === 1);
});

t.test('beyond limits.pending the answer is 503 queue_full, and no other version answers', async (t) => {
  const [upstream, other] = [await heldUpstream(t), await strictUpstream(t)];
  const plane = await testPlane(t, {
    versions: { only: { ports: [upstream.port], fallback: ['other'] }, other: { ports: [other.port] } },
    limits: { requestsPerEndpoint: 1, pending: 1 },
  });
  await sent(plane, t, get('/0'), () => upstream.begun === 1);
  await sent(plane, t, get('/1'), () => waiting(plane) === 1);
  const client = await rawClient(t, plane.port);
  client.send(get('/2'));
  const answer = await client.readFinal();
  t.equal(answer.status, 503);
  t.equal(answer.body.toString(), 'queue_full\n');
  t.same(plane.rejections('only'), { queue_full: 1 });
  t.same(plane.statuses('only'), { 503: 1 }, 'the version is charged');
  t.same(plane.fallbacks(), {}, 'busyness moves no request');
  t.equal(other.begun, 0);
  client.send(get('/3'));
  t.equal((await client.readFinal()).status, 503, 'the connection goes on');
});

t.test('limits.pending of 0 lets nobody wait', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1, pending: 0 } });
  await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const client = await rawClient(t, plane.port);
  client.send(get('/1'));
  t.equal((await client.readFinal()).body.toString(), 'queue_full\n');
});

t.test('a request that waits for timeouts.pending is answered 503 pending_timeout', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 }, timeouts: { pending: 2_000 } });
  const first = await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const client = await sent(plane, t, get('/1'), () => waiting(plane) === 1);
  plane.pass(1_900);
  t.equal(waiting(plane), 1);
  plane.pass(200);
  const answer = await client.readFinal();
  t.equal(answer.status, 503);
  t.equal(answer.body.toString(), 'pending_timeout\n');
  t.same(plane.rejections('only'), { pending_timeout: 1 });
  t.equal(waiting(plane), 0);
  upstream.release();
  t.equal((await first.readFinal()).status, 200, 'what was under way goes on');
  t.equal(upstream.begun, 1, 'what was rejected is not sent');
});

for (const [how, leave] of [
  ['resets its connection', (client: RawPeer) => client.reset()],
  ['closes its connection', (client: RawPeer) => client.socket.end()],
] as const) {
  t.test(`a client that ${how} leaves the queue at once, and its request is never sent`, async (t) => {
    const upstream = await heldUpstream(t);
    const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1, pending: 2 } });
    await sent(plane, t, get('/0'), () => upstream.begun === 1);
    const leaver = await sent(plane, t, get('/gone'), () => waiting(plane) === 1);
    const stayer = await sent(plane, t, get('/2'), () => waiting(plane) === 2);
    leave(leaver);
    await plane.until(() => waiting(plane) === 1, 'the client to leave');
    t.same(plane.statuses('only'), { 499: 1 });
    upstream.release();
    await plane.until(() => upstream.begun === 2, 'the next request');
    upstream.release();
    t.equal((await stayer.readFinal()).body.toString(), '/2 ');
    t.same(
      upstream.seen.map(({ target }) => target),
      ['/0', '/2'],
    );
  });
}

t.test('a body that comes while its request waits is sent with it, whole', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const fixed = await sent(
    plane,
    t,
    'POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n',
    () => waiting(plane) === 1,
  );
  const chunked = await sent(
    plane,
    t,
    'POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    () => waiting(plane) === 2,
  );
  await fixed.sendEach(Array.from({ length: 6 }, () => 'x'.repeat(10)));
  await chunked.sendEach(['cde\r', '\n3;ext\r\nfgh\r\n', '0\r\n\r\n', get('/next')]);
  for (let i = 0; i < 2; i += 1) {
    upstream.release();
    await plane.until(() => upstream.seen.length === 2 + i, 'the next request');
  }
  upstream.release();
  t.equal((await fixed.readFinal()).body.toString(), `/fixed ${'x'.repeat(60)}`);
  t.equal((await chunked.readFinal()).body.toString(), '/chunked abcdefgh');
  await plane.until(() => upstream.seen.length === 4, 'the pipelined request');
  upstream.release();
  t.equal((await chunked.readFinal()).body.toString(), '/next ');
  t.same(upstream.errors, []);
});

t.test('a large body is not read while its request waits, and arrives whole when its turn has come', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const size = 8 << 20;
  const head = `POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`;
  const client = await sent(plane, t, head, () => waiting(plane) === 1);
  client.send(Buffer.alloc(size, 'x'));
  const connection = [...plane.plane.connections].at(-1);
  await plane.until(() => connection?.socket.isPaused() === true, 'the client to be paused');
  t.ok((connection?.socket.bytesRead ?? size) < 200_000, 'no more is read than one read beyond the bound');
  upstream.release();
  await plane.until(() => upstream.seen.length === 2, 'the upload');
  t.equal(upstream.seen[1]?.body.length, size);
  upstream.release();
  t.equal((await client.readFinal()).status, 200);
});

t.test('a broken chunk that comes while its request waits is refused', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const client = await sent(plane, t, head, () => waiting(plane) === 1);
  client.send('zz\r\n');
  t.equal((await client.readFinal()).status, 400);
  t.equal(waiting(plane), 0);
  t.equal(upstream.begun, 1);
});

t.test('when the last endpoint goes while requests wait, they fall back, or are told no_endpoints', async (t) => {
  const [upstream, other] = [await heldUpstream(t), await strictUpstream(t)];
  const versions = { only: { ports: [upstream.port], fallback: ['other'] }, other: { ports: [other.port] } };
  const plane = await testPlane(t, { versions, noFallback: ['only'], limits: { requestsPerEndpoint: 1 } });
  const first = await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const moved = await sent(plane, t, get('/moved'), () => waiting(plane) === 1);
  const strict = await sent(plane, t, 'GET / HTTP/1.1\r\nHost: a\r\nx-to: only\r\n\r\n', () => waiting(plane) === 2);
  const { endpoints } = staticTable({ ...versions, only: { fallback: ['other'] } });
  plane.plane.applyEndpoints(endpoints);
  t.equal((await moved.readFinal()).body.toString(), '/moved');
  t.equal((await strict.readFinal()).body.toString(), 'no_endpoints\n');
  t.same(plane.fallbacks(), { 'only>other no_endpoints': 1 });
  upstream.release();
  t.equal((await first.readFinal()).status, 200, 'a request that is under way at a retired endpoint ends');
  t.equal(waiting(plane), 0);
  t.equal(plane.inFlight(), 0);
});

t.test('an endpoint that comes while requests wait takes them', async (t) => {
  const [upstream, second] = [await heldUpstream(t), await strictUpstream(t)];
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const client = await sent(plane, t, get('/1'), () => waiting(plane) === 1);
  plane.plane.applyEndpoints(staticTable({ only: { ports: [upstream.port, second.port] } }).endpoints);
  t.equal((await client.readFinal()).body.toString(), '/1');
});

t.test('an endpoint that fails frees its place for the next that waits', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.reset();
  });
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  const clients = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const client = await rawClient(t, plane.port);
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
      return client;
    }),
  );
  for (const client of clients) t.equal((await client.readFinal()).status, 502);
  t.equal(waiting(plane), 0);
  t.equal(plane.inFlight(), 0);
});

t.test('a drain lets requests that wait be served', async (t) => {
  const upstream = await heldUpstream(t);
  const plane = await planeTo(t, [upstream.port], { limits: { requestsPerEndpoint: 1 } });
  const first = await sent(plane, t, get('/0'), () => upstream.begun === 1);
  const second = await sent(plane, t, get('/1'), () => waiting(plane) === 1);
  const drained = plane.plane.drain();
  upstream.release();
  t.equal((await first.readFinal()).status, 200);
  await plane.until(() => upstream.begun === 2, 'the request that waited');
  upstream.release();
  t.equal((await second.readFinal()).body.toString(), '/1 ');
  first.socket.end();
  second.socket.end();
  await drained;
});

t.test('a thousand requests at two endpoints of ten each are all answered, ten at a time at most', async (t) => {
  let [now, most] = [0, 0];
  const answer = (response: ServerResponse): void => {
    now += 1;
    most = Math.max(most, now);
    setImmediate(() => {
      now -= 1;
      response.end('ok');
    });
  };
  const upstreams = [await strictUpstream(t, answer), await strictUpstream(t, answer)];
  const ports = upstreams.map(({ port }) => port);
  const plane = await planeTo(t, ports, { limits: { requestsPerEndpoint: 10 } });
  const clients = await Promise.all(Array.from({ length: 100 }, () => rawClient(t, plane.port)));
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < 10; i += 1) {
        client.send(get('/'));
        if ((await client.readFinal()).status !== 200) throw new Error('not answered');
      }
    }),
  );
  t.ok(most <= 20, `${most} at a time`);
  t.same(plane.statuses('only'), { 200: 1_000 });
  t.equal(waiting(plane), 0);
});
