import { once } from 'node:events';
import { request } from 'node:http';
import t, { type Test } from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { rawUpstream, strictUpstream } from '../lib/upstreams.ts';
import { SEGMENTATIONS } from './segmentations.ts';

const OPEN = { trailers: ['server-timing', 'x-sum'] };
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Host\r\nTrailer: server-timing\r\n\r\n';
const BODY = '5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost: evil\r\nServer-Timing: db;dur=3\r\n\r\n';
const PASSED = '5\r\nhello\r\n0\r\nX-Sum: 1\r\nServer-Timing: db;dur=3\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Host, X-Sum\r\n\r\n';

/** The head and the body of a chunked request as they reach the upstream. */
async function upload(t: Test, bytes: string, settings = OPEN, split = (text: string): Iterable<string> => [text]) {
  let head = '';
  let body = '';
  const upstream = await rawUpstream(t, async (peer) => {
    head = await peer.readThrough('\r\n\r\n');
    body = await peer.readThrough('\r\n\r\n');
    peer.send(OK);
  });
  const { port } = await planeTo(t, [upstream.port], settings);
  const client = await rawClient(t, port);
  await client.sendEach(split(bytes));
  t.equal((await client.readResponse()).status, 200);
  return { head, body };
}

/** The head and the rest of a response as they reach the client. */
async function download(t: Test, answer: string, ask = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', settings = OPEN) {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    await peer.sendEach([answer.slice(0, 40), answer.slice(40)]);
  });
  const { port } = await planeTo(t, [upstream.port], settings);
  const client = await rawClient(t, port);
  client.send(ask);
  const head = await client.readThrough('\r\n\r\n');
  const body = ask.includes('HTTP/1.0') ? '' : await client.readThrough('\r\n\r\n');
  return { head, body, client };
}

t.test('listed trailers of a request are passed on as trailers, and all others end here', async (t) => {
  for (const [how, split] of SEGMENTATIONS) {
    const { head, body } = await upload(t, POST + BODY, OPEN, split);
    t.equal(body, PASSED, how);
    t.match(head, /\r\ntrailer: X-Sum\r\n/, 'so is their announcement');
    t.notMatch(head, /evil|server-timing/i, 'none becomes a header');
  }
});

t.test('listed trailers of a response are passed on as trailers, and all others end here', async (t) => {
  const { head, body } = await download(t, CHUNKED + BODY);
  t.equal(body, PASSED);
  t.match(head, /\r\ntrailer: X-Sum, server-timing\r\n/);
  t.notMatch(head, /evil/);
});

t.test('trailers behind a large body are passed on, in a write of their own and in pieces', async (t) => {
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const text = `${chunk.repeat(8)}0\r\nX-Sum: 8\r\n\r\n`;
  const { body } = await upload(t, POST + text);
  t.ok(body === text);
  const received = await download(t, CHUNKED + text);
  t.ok(received.body === text);
});

t.test('without a list all trailers end here, and so do TE and Trailer', async (t) => {
  const closed = { trailers: [] };
  const { head, body } = await upload(t, POST.replace('\r\n\r\n', '\r\nTE: trailers\r\n\r\n') + BODY, closed);
  t.equal(body, '5\r\nhello\r\n0\r\n\r\n');
  t.notMatch(head, /\r\n(te|trailer|connection):/i);
  const received = await download(t, CHUNKED + BODY, undefined, closed);
  t.equal(received.body, '5\r\nhello\r\n0\r\n\r\n');
  t.notMatch(received.head, /\r\ntrailer:/i);
});

t.test('a client that understands trailers is known to the application as one, by its next hop', async (t) => {
  for (const [value, passed] of [
    ['trailers', ['trailers']],
    ['gzip;q=0.5, Trailers ;q=0.9', ['trailers']],
    ['gzip', []],
    ['x-trailers, trailersx', []],
  ] as const) {
    const upstream = await strictUpstream(t);
    const { port } = await planeTo(t, [upstream.port], OPEN);
    const client = await rawClient(t, port);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: ${value}\r\n\r\n`);
    await client.readResponse();
    const [request = { fields: [] }] = upstream.seen;
    t.same(valuesOf(request, 'te'), passed, value);
    t.same(valuesOf(request, 'connection'), passed.length === 0 ? [] : ['te']);
  }
});

t.test('a request without a chunked body announces no trailers', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port], OPEN);
  const client = await rawClient(t, port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nok');
  await client.readResponse();
  t.same(valuesOf(upstream.seen[0] ?? { fields: [] }, 'trailer'), []);
});

t.test('an HTTP/1.0 client gets no trailers, nor their announcement', async (t) => {
  const { head, client } = await download(t, CHUNKED + BODY, 'GET / HTTP/1.0\r\nTE: trailers\r\n\r\n');
  t.equal(await client.ending(), 'end');
  t.equal(client.text(), 'hello');
  t.notMatch(head, /trailer/i);
});

t.test('the request after trailers gets its own answer', async (t) => {
  const upstream = await strictUpstream(t, (response, { target, body }, message) => {
    response.end(`${target} ${body} ${JSON.stringify(message.trailers)}`);
  });
  const plane = await planeTo(t, [upstream.port], OPEN);
  const client = await rawClient(t, plane.port);
  client.send(`${POST}${BODY}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
  t.equal(
    (await client.readResponse()).body.toString(),
    '/ hello {"x-sum":"1","server-timing":"db;dur=3"}',
    'node:http reads the same trailers',
  );
  t.equal((await client.readResponse()).body.toString(), '/next  {}');
  t.equal(upstream.connections, 1);
  t.same(upstream.errors, []);
});

t.test('trailers of an application reach a client of Node.js', async (t) => {
  const upstream = await strictUpstream(t, (response) => {
    response.setHeader('trailer', 'Server-Timing');
    response.write('hello');
    response.addTrailers({ 'Server-Timing': 'db;dur=3', 'X-Else': '1' });
    response.end();
  });
  const { port } = await planeTo(t, [upstream.port], OPEN);
  const asked = request({ port, host: '127.0.0.1', headers: { te: 'trailers' } }).end();
  const [response] = await once(asked, 'response');
  response.resume();
  await once(response, 'end');
  t.same(response.trailers, { 'server-timing': 'db;dur=3' });
});

t.test('a broken trailer of a response cuts the connection, although the ones before it were listed', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(`${CHUNKED}5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost : evil\r\n\r\n`);
  });
  const plane = await planeTo(t, [upstream.port], OPEN);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.gone();
  t.notMatch(client.text(), /0\r\n\r\n|X-Sum/, 'no clean end');
  t.same(plane.failures('only'), { bad_response: 1 });
});
