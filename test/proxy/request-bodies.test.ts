import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { turn } from '../lib/raw-peer.ts';
import { cannedUpstream, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

t.test('a body of a megabyte arrives whole, by Content-Length and in chunks', async (t) => {
  const upstream = await strictUpstream(t, (response, { body }) => void response.end(String(body.length)));
  const { port } = await planeTo(t, [upstream.port]);
  const body = Buffer.alloc(1 << 20, 'abcdefghij').toString('latin1');
  const client = await rawClient(t, port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  t.equal((await client.readResponse()).body.toString(), String(body.length));
  t.equal(upstream.seen[0]?.body, body, 'by Content-Length');
  const chunks = body.match(/.{1,70000}/gs)?.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`) ?? [];
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
  t.equal((await client.readResponse()).body.toString(), String(body.length));
  t.equal(upstream.seen[1]?.body, body, 'in chunks');
});

t.test('a body flows on as it comes, before it is complete', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readThrough('\r\n\r\n');
    t.equal((await peer.read(5)).toString(), 'first');
    peer.send('HTTP/1.1 102 Processing\r\n\r\n');
    t.equal((await peer.read(6)).toString(), 'second');
    peer.send(OK);
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nfirst');
  t.equal((await client.readResponse()).status, 102);
  client.send('second');
  t.equal((await client.readResponse()).status, 200);
});

t.test('chunks stay chunks, without extensions and trailers', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readThrough('\r\n\r\n');
    t.equal(await peer.readThrough('\r\n0\r\n\r\n'), '5\r\nhello\r\n0\r\n\r\n');
    peer.send(OK);
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n');
  client.send('5;sign="x"\r\nhello\r\n0;last\r\nX-Sum: 1\r\nHost: evil\r\n\r\n');
  t.equal((await client.readResponse()).status, 200);
  t.same(upstream.errors, []);
});

t.test('a body by Content-Length of an HTTP/1.0 client is passed on', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('POST /ten HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello');
  t.equal((await client.readResponse()).body.toString(), '/ten');
  t.equal(upstream.seen[0]?.body, 'hello');
  t.equal(await client.ending(), 'end');
});

t.test('Expect: 100-continue goes to the upstream, and its 100 to the client', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    const head = await peer.readThrough('\r\n\r\n');
    t.match(head, /\r\nExpect: 100-continue\r\n/);
    await turn();
    t.equal(peer.unread.length, 0, 'no body before the 100');
    peer.send('HTTP/1.1 100 Continue\r\n\r\n');
    t.equal((await peer.read(5)).toString(), 'hello');
    peer.send(OK);
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  t.equal((await client.readResponse()).status, 100);
  client.send('hello');
  t.equal((await client.readResponse()).status, 200);
  t.same(upstream.errors, []);
});

t.test('a final answer instead of 100 is passed on, and neither connection is used again', async (t) => {
  const upstream = await cannedHead('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n', t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  const answer = await client.readResponse();
  t.equal(answer.status, 417);
  t.same(valuesOf(answer, 'connection'), ['close'], 'the body may or may not come: nobody can tell requests apart');
  t.equal(await client.ending(), 'end');
  await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'the end of the upstream connection');
});

t.test('an Expect that an HTTP/1.0 client sends is not passed on', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello');
  t.equal((await client.readResponse()).status, 200);
  t.same(valuesOf(upstream.seen[0] ?? { fields: [] }, 'expect'), []);
});

t.test('a body without a length is refused by nobody: it is empty', async (t) => {
  const upstream = await cannedUpstream(t, OK);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.readResponse();
  await client.readResponse();
  t.same(
    upstream.requests.map(({ startLine }) => startLine),
    ['POST / HTTP/1.1', 'GET /second HTTP/1.1'],
  );
});

/** Answers as soon as the head is there. */
function cannedHead(answer: string, t: Parameters<typeof rawUpstream>[0]): ReturnType<typeof rawUpstream> {
  return rawUpstream(t, async (peer) => {
    await peer.readThrough('\r\n\r\n');
    peer.send(answer);
  });
}
