import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { cannedUpstream, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function get(target: string, fields = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

t.test('both connections serve one exchange after another', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  for (const target of ['/1', '/2', '/3']) {
    client.send(get(target));
    t.equal((await client.readResponse()).body.toString(), target);
  }
  t.equal(upstream.connections, 1);
  t.equal(plane.connections(), 1);
});

t.test('pipelined requests are answered in order, one exchange at a time', async (t) => {
  let running = 0;
  let most = 0;
  const upstream = await strictUpstream(t, (response, { target }) => {
    running += 1;
    most = Math.max(most, running);
    setImmediate(() => {
      running -= 1;
      response.end(target);
    });
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  const targets = Array.from({ length: 50 }, (_, i) => `/${i}`);
  client.send(targets.map((target) => get(target)).join(''));
  for (const target of targets) t.equal((await client.readResponse()).body.toString(), target);
  t.equal(most, 1);
  t.equal(upstream.connections, 1);
});

t.test('pipelined requests with bodies keep their own bodies, however they are divided', async (t) => {
  const upstream = await strictUpstream(t, (response, { body }) => void response.end(body));
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  const bytes = [
    'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none',
    'POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n',
    'POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nthree',
  ].join('');
  for (const size of [1, 7, 50, bytes.length]) {
    const pieces: string[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
    await client.sendEach(pieces);
    for (const body of ['one', 'two', 'three']) t.equal((await client.readResponse()).body.toString(), body);
  }
});

t.test('a request right behind a long body keeps its own bytes', async (t) => {
  const upstream = await strictUpstream(
    t,
    (response, { target, body }) => void response.end(`${target} ${body.length}`),
  );
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  const body = 'x'.repeat(500_000);
  for (let i = 0; i < 3; i += 1) {
    client.send(`POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}${get('/behind')}`);
    t.equal((await client.readResponse()).body.toString(), `/long ${body.length}`);
    t.equal((await client.readResponse()).body.toString(), '/behind 0');
  }
  t.ok(upstream.seen.every((request) => request.target === '/behind' || request.body === body));
});

t.test('Connection: close is honoured, and said', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send(get('/last', 'Connection: close\r\n') + get('/never'));
  const response = await client.readResponse();
  t.same(valuesOf(response, 'connection'), ['close']);
  t.equal(await client.ending(), 'end');
  t.equal(client.unread.length, 0);
  t.same(
    upstream.seen.map(({ target }) => target),
    ['/last'],
  );
  t.same(valuesOf(upstream.seen[0] ?? { fields: [] }, 'connection'), [], 'it says nothing of the other connection');
});

t.test('an HTTP/1.0 client that asks for keep-alive gets it, and is told', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (const target of ['/1', '/2']) {
    client.send(`GET ${target} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n`);
    const response = await client.readResponse();
    t.same(valuesOf(response, 'connection'), ['keep-alive']);
    t.equal(response.body.toString(), target);
  }
});

t.test(
  'an upstream that closes gets a new connection for the next request, and the client keeps its own',
  async (t) => {
    const upstream = await cannedUpstream(t, 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    const { port } = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, port);
    for (let i = 0; i < 3; i += 1) {
      client.send(get('/'));
      const response = await client.readResponse();
      t.same(valuesOf(response, 'connection'), [], 'it says nothing of this connection');
    }
    t.equal(upstream.peers.length, 3);
    await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'the end from this side');
  },
);

t.test('an HTTP/1.0 upstream is asked on a new connection each time, unless it says keep-alive', async (t) => {
  let fields = '';
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      peer.send(`HTTP/1.0 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`);
    }
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (const [given, connections] of [
    ['', 1],
    ['', 2],
    ['Connection: keep-alive\r\n', 3],
    ['', 3],
  ] as const) {
    fields = given;
    client.send(get('/'));
    await client.readResponse();
    t.equal(upstream.peers.length, connections);
  }
});

t.test('the last connection that became idle is the first to be used again', async (t) => {
  const waiting: RawPeer[] = [];
  const served: number[] = [];
  const upstream = await rawUpstream(t, async (peer, index) => {
    await peer.readRequest();
    waiting.push(peer);
    await peer.readRequest();
    served.push(index);
    peer.send(OK);
  });
  const plane = await planeTo(t, [upstream.port]);
  const clients = [await rawClient(t, plane.port), await rawClient(t, plane.port)];
  for (const client of clients) client.send(get('/'));
  await plane.until(() => waiting.length === 2, 'two upstream connections');
  for (const [i, client] of clients.entries()) {
    waiting[i]?.send(OK);
    await client.readResponse();
  }
  clients[0]?.send(get('/'));
  await clients[0]?.readResponse();
  t.same(served, [upstream.peers.indexOf(waiting[1] ?? clients[0] ?? never())]);
});

t.test('no more connections to an endpoint are kept idle than the limit says', async (t) => {
  const waiting: (() => void)[] = [];
  const upstream = await strictUpstream(t, (response) => void waiting.push(() => response.end()));
  const plane = await planeTo(t, [upstream.port], { limits: { idleUpstreamConnections: 2 } });
  const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(t, plane.port)));
  for (const client of clients) client.send(get('/'));
  await plane.until(() => waiting.length === 5, 'five requests');
  for (const answer of waiting) answer();
  for (const client of clients) await client.readResponse();
  t.equal(upstream.connections, 5);
  const [endpoint] = plane.plane.upstreams.of('static/test/only').endpoints;
  t.equal(endpoint?.idleCount, 2);
  t.equal(endpoint?.active, 0);
});

t.test('no route: 404, and the connection goes on', async (t) => {
  const upstream = await cannedUpstream(t, OK);
  const plane = await testPlane(t, { versions: { only: { ports: [upstream.port] } }, path: '/shop' });
  const client = await rawClient(t, plane.port);
  client.send('POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
  const answer = await client.readResponse();
  t.equal(answer.status, 404);
  t.equal(answer.body.toString(), 'no_route\n');
  client.send('GET /shop/1 HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal((await client.readResponse()).status, 200);
  t.same(plane.statuses(null), { 404: 1 });
});

function never(): never {
  throw new Error('two clients waited');
}
