import t, { type Test } from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo, type TestPlane, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { cannedUpstream, deadPort, type RawUpstream, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const ASK = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno';

/** What the application sees of a request with these lines, which it answers with 204. */
async function seen(t: Test, lines: readonly string[], version = '1.1') {
  const upstream = await cannedUpstream(t, 'HTTP/1.1 204 No Content\r\n\r\n');
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send([`GET / HTTP/${version}`, 'Host: a', ...lines, '', ''].join('\r\n'));
  t.equal((await client.readResponse()).status, 204);
  const [request] = upstream.requests;
  if (request === undefined) throw new Error('nothing arrived');
  return request;
}

/** What a client that asks for chat/2 gets when the application answers with these bytes. */
async function answered(t: Test, answer: string, ask = ASK) {
  const upstream = await cannedUpstream(t, answer);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(ask);
  return { plane, client, response: await client.readResponse() };
}

/** An application that waits before it answers the first request, and answers those after it at once. */
async function hesitant(
  t: Test,
): Promise<{ upstream: RawUpstream; plane: TestPlane; client: RawPeer; first: RawPeer }> {
  const upstream = await rawUpstream(t, async (peer, index) => {
    if (index === 0) return;
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext');
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(ASK);
  await plane.until(() => upstream.peers.length === 1, 'the connection');
  const [first] = upstream.peers;
  if (first === undefined) throw new Error('no connection');
  await first.readRequest();
  return { upstream, plane, client, first };
}

t.test('a request for another protocol goes on as one, for this hop', async (t) => {
  const request = await seen(t, ['Connection: keep-alive, X-Hop, UPGRADE', 'X-Hop: 1', 'Upgrade: WebSocket']);
  t.same(request.fields.slice(0, 2), [
    ['host', 'a'],
    ['upgrade', 'WebSocket'],
  ]);
  t.same(valuesOf(request, 'connection'), ['upgrade']);
  t.same(valuesOf(request, 'x-hop'), []);
});

t.test('a 101 reaches the client with the protocol, and for its own hop', async (t) => {
  const head = 'HTTP/1.1 101 Go on\r\nUpgrade: Chat/2\r\nConnection: upgrade, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n';
  const { response } = await answered(t, head);
  t.equal(response.startLine, 'HTTP/1.1 101 Go on');
  t.same(response.fields, [
    ['upgrade', 'Chat/2'],
    ['x-end', '2'],
    ['via', '1.1 headgate'],
    ['connection', 'upgrade'],
  ]);
});

for (const value of ['h2c', 'H2C', 'chat/2, h2c', 'HTTP/2.0', 'TLS/1.0', 'h2', 'chat/2 x', 'chat//2', '', ',']) {
  t.test(`Upgrade: "${value}" is not passed on, and the request is an ordinary one`, async (t) => {
    const request = await seen(t, [
      'Connection: Upgrade',
      `Upgrade: ${value}`,
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      'X-Else: 1',
    ]);
    t.same(valuesOf(request, 'upgrade'), []);
    t.same(valuesOf(request, 'connection'), []);
    t.same(valuesOf(request, 'http2-settings'), []);
    t.same(valuesOf(request, 'x-else'), ['1']);
  });
}

t.test('h2c in a field of its own takes the other Upgrade field with it', async (t) => {
  const request = await seen(t, ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c']);
  t.same(valuesOf(request, 'upgrade'), []);
});

t.test('Upgrade that Connection does not list, and Upgrade in HTTP/1.0, are not passed on', async (t) => {
  t.same(valuesOf(await seen(t, ['Upgrade: chat/2']), 'upgrade'), []);
  t.same(valuesOf(await seen(t, ['Upgrade: chat/2', 'Connection: upgrade'], '1.0'), 'upgrade'), []);
});

t.test('a 101 that nobody asked for is a bad response', async (t) => {
  const { plane, response } = await answered(t, SWITCH, 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: chat/2\r\n\r\n');
  t.equal(response.status, 502);
  t.same(plane.failures('only'), { bad_response: 1 });
});

t.test('an application that takes up h2c all the same makes no tunnel', async (t) => {
  const ask =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n';
  const { response } = await answered(t, 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', ask);
  t.equal(response.status, 502);
});

for (const [what, fields] of [
  ['another protocol than was offered', 'Connection: Upgrade\r\nUpgrade: chat/3\r\n'],
  ['one more protocol than was offered', 'Connection: Upgrade\r\nUpgrade: chat/2, h2c\r\n'],
  ['no protocol', 'Connection: Upgrade\r\n'],
  ['an empty protocol', 'Connection: Upgrade\r\nUpgrade: \r\n'],
  ['a protocol without Connection', 'Upgrade: chat/2\r\n'],
] as const) {
  t.test(`a 101 that names ${what} is a bad response`, async (t) => {
    const { plane, response } = await answered(t, `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`);
    t.equal(response.status, 502);
    t.same(plane.failures('only'), { bad_response: 1 });
  });
}

t.test('a 101 of HTTP/1.0 is a bad response', async (t) => {
  t.equal((await answered(t, SWITCH.replace('1.1', '1.0'))).response.status, 502);
});

t.test('one of several protocols may be taken', async (t) => {
  const ask = ASK.replace('chat/2', 'chat/3, chat/2').replace('\r\n\r\n', '\r\nUpgrade: irc\r\n\r\n');
  t.equal((await answered(t, SWITCH, ask)).response.status, 101);
  t.equal((await answered(t, SWITCH.replace('chat/2', 'IRC'), ask)).response.status, 101);
});

t.test('nothing that the client sends goes on before the 101, and then all of it does', async (t) => {
  const { client, first } = await hesitant(t);
  client.send('early ');
  for (let i = 0; i < 20; i += 1) await turn();
  client.send('bird');
  for (let i = 0; i < 20; i += 1) await turn();
  t.equal(first.text(), '', 'the application has seen the request alone');
  first.send(SWITCH);
  t.equal((await client.readResponse()).status, 101);
  t.equal((await first.read(10)).toString(), 'early bird');
});

t.test('what a client sends before the 101 fills one buffer and no more', async (t) => {
  const { plane, client, first } = await hesitant(t);
  const size = 2 << 20;
  client.send(Buffer.alloc(size, 'x'));
  const [connection] = plane.plane.connections;
  let before = -1;
  while (before !== connection?.socket.bytesRead) {
    before = connection?.socket.bytesRead ?? -1;
    for (let i = 0; i < 50; i += 1) await turn();
  }
  t.ok(before < 200_000, `${before} bytes were read`);
  first.send(SWITCH);
  t.equal((await first.read(size)).length, size);
});

t.test('after a refusal, what the client sent early is its next request, which no tunnel has seen', async (t) => {
  const { upstream, plane, client, first } = await hesitant(t);
  client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  for (let i = 0; i < 20; i += 1) await turn();
  t.equal(first.text(), '');
  first.send(REFUSAL);
  t.equal((await client.readResponse()).status, 403);
  t.equal((await client.readResponse()).body.toString(), 'next');
  t.equal(first.text(), '');
  t.equal(upstream.peers.length, 2, 'the connection of a refused upgrade is not used again');
  t.same(plane.statuses('only'), { 200: 1, 403: 1 });
});

t.test('after a refusal, early bytes that are no request are refused', async (t) => {
  const { client, first } = await hesitant(t);
  client.send('\x81\x05hello');
  first.send(REFUSAL);
  t.equal((await client.readResponse()).status, 403);
  t.equal((await client.readResponse()).status, 400);
  t.equal(await client.ending(), 'end');
});

t.test('interim responses may come before the 101', async (t) => {
  const { client, first } = await hesitant(t);
  first.send(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${SWITCH}hello`);
  t.equal((await client.readResponse()).status, 100);
  t.equal((await client.readResponse()).status, 103);
  t.equal((await client.readResponse()).status, 101);
  t.equal((await client.read(5)).toString(), 'hello', 'what came in the same read is for the tunnel');
});

t.test('a head, a 101 and what follows it mean the same byte by byte', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    await peer.sendEach(`${SWITCH}HTTP/1.1 200 OK\r\n\r\n`);
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  await client.sendEach(`${ASK}\r\n\r\n`);
  t.equal((await client.readResponse()).status, 101);
  t.equal((await client.read(19)).toString(), 'HTTP/1.1 200 OK\r\n\r\n');
  t.equal((await upstream.peers[0]?.read(4))?.toString(), '\r\n\r\n', 'nothing is read as HTTP');
});

t.test('a request for another protocol that reached an application is not sent twice', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.reset();
  });
  const plane = await planeTo(t, [upstream.port, upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(ASK);
  t.equal((await client.readResponse()).status, 502);
  t.equal(upstream.peers.length, 1);
});

t.test('a request for another protocol takes no connection that may be stale', async (t) => {
  const upstream = await rawUpstream(t, async (peer, index) => {
    await peer.readRequest();
    peer.send(index === 0 ? 'HTTP/1.1 204 No Content\r\n\r\n' : SWITCH);
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal((await client.readResponse()).status, 204);
  client.send(ASK);
  t.equal((await client.readResponse()).status, 101);
  t.equal(upstream.peers.length, 2);
});

t.test('an endpoint that refuses the connection leaves the upgrade to another version', async (t) => {
  const upstream = await cannedUpstream(t, SWITCH);
  const plane = await testPlane(t, {
    versions: { canary: { ports: [await deadPort()], fallback: ['stable'] }, stable: { ports: [upstream.port] } },
  });
  const client = await rawClient(t, plane.port);
  client.send(ASK);
  t.equal((await client.readResponse()).status, 101);
  t.same(plane.retries('canary'), { connect: 1 });
});

t.test('a header rule leads an upgrade to its version', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await cannedUpstream(t, SWITCH);
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { ports: [canary.port] } },
    versionHeader: 'x-version',
  });
  const client = await rawClient(t, plane.port);
  client.send(ASK.replace('\r\n\r\n', '\r\nX-To: canary\r\n\r\n'));
  const response = await client.readResponse();
  t.equal(response.status, 101);
  t.same(valuesOf(response, 'x-version'), ['canary']);
});
