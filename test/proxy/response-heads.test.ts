import t, { type Test } from 'tap';
import { type Message, valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { SettingsChange } from '../lib/test-settings.ts';
import { cannedUpstream, rawUpstream } from '../lib/upstreams.ts';

/** What the client gets when the upstream answers with these lines. */
async function got(
  t: Test,
  lines: readonly string[],
  { request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', ...settings }: SettingsChange & { request?: string } = {},
): Promise<Message> {
  const upstream = await cannedUpstream(t, `${lines.join('\r\n')}\r\n\r\n`);
  const { port } = await planeTo(t, [upstream.port], settings);
  const client = await rawClient(t, port);
  client.send(request);
  return client.readResponse({ method: request.slice(0, request.indexOf(' ')) });
}

t.test('a response keeps its status, its reason phrase and its fields in order', async (t) => {
  const response = await got(t, [
    'HTTP/1.1 418 Ich bin eine Teekanne \xfc',
    'Date: Sat, 21 Nov 2026 15:00:00 GMT',
    'Set-Cookie: a=1',
    'Server: teapot',
    'Set-Cookie:  b=2 ',
    'Content-Length: 0',
  ]);
  t.equal(response.startLine, 'HTTP/1.1 418 Ich bin eine Teekanne \xfc');
  t.same(response.fields, [
    ['date', 'Sat, 21 Nov 2026 15:00:00 GMT'],
    ['set-cookie', 'a=1'],
    ['server', 'teapot'],
    ['set-cookie', 'b=2'],
    ['content-length', '0'],
    ['via', '1.1 headgate'],
  ]);
});

t.test('hop-by-hop fields of a response and what its Connection names end here', async (t) => {
  const response = await got(t, [
    'HTTP/1.1 200 OK',
    'Connection: keep-alive, X-Private',
    'Keep-Alive: timeout=5',
    'X-Private: 1',
    'Upgrade: h2c',
    'Proxy-Authenticate: Basic',
    'Content-Length: 0',
  ]);
  const names = response.fields.map(([name]) => name);
  t.same(names, ['proxy-authenticate', 'content-length', 'via', 'date']);
});

t.test('Date is added where the upstream sent none', async (t) => {
  const [date = ''] = valuesOf(await got(t, ['HTTP/1.1 204 No Content']), 'date');
  t.match(date, /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$/);
  t.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, 'it is the time of day');
});

t.test('the version header names the version that answered, and is off unless it is set', async (t) => {
  const lines = ['HTTP/1.1 204 No Content'];
  t.same(valuesOf(await got(t, lines, { versionHeader: 'x-served-by' }), 'x-served-by'), ['only']);
  t.same(
    (await got(t, lines)).fields.map(([name]) => name),
    ['via', 'date'],
  );
});

t.test('Via tells the version that the upstream spoke', async (t) => {
  const response = await got(t, ['HTTP/1.0 200 OK', 'Content-Length: 0']);
  t.equal(response.startLine, 'HTTP/1.1 200 OK');
  t.same(valuesOf(response, 'via'), ['1.0 headgate']);
});

t.test('an answer to HEAD keeps its Content-Length and has no body', async (t) => {
  const request = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
  const response = await got(t, ['HTTP/1.1 200 OK', 'Content-Length: 5'], { request });
  t.same(valuesOf(response, 'content-length'), ['5']);
});

t.test('204 and 304 end with their heads, and the connection goes on', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
    await peer.readRequest();
    peer.send('HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n');
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  const responses: Message[] = [];
  for (let i = 0; i < 3; i += 1) {
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    responses.push(await client.readResponse());
  }
  t.same(
    responses.map(({ status }) => status),
    [204, 304, 200],
  );
  t.same(
    responses.map((response) => valuesOf(response, 'content-length')),
    [[], ['77'], ['2']],
  );
  t.equal(upstream.peers.length, 1, 'one upstream connection serves them all');
});

t.test('interim responses are passed on, unasked too', async (t) => {
  const answer = [
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  ];
  const upstream = await cannedUpstream(t, answer.join(''));
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const hints = await client.readResponse();
  t.equal(hints.head, 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
  t.equal((await client.readResponse()).head, 'HTTP/1.1 100 Continue\r\n\r\n');
  t.equal((await client.readResponse()).body.toString(), 'ok');
});

t.test('interim responses never go to an HTTP/1.0 client', async (t) => {
  const answer = 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const upstream = await cannedUpstream(t, answer);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  t.equal((await client.readResponse()).status, 200);
});

t.test('a switch of protocols that nobody asked for is a bad response', async (t) => {
  const response = await got(t, ['HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: x']);
  t.equal(response.status, 502);
  t.equal(response.body.toString(), 'bad_response\n');
});

t.test('a head with more interim responses before it than the buffer holds is read all the same', async (t) => {
  const hints = `HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(8_000)}\r\n\r\n`;
  const answer = `${hints.repeat(24)}HTTP/1.1 200 OK\r\nX-Long: ${'y'.repeat(15_000)}\r\nContent-Length: 2\r\n\r\nok`;
  const upstream = await cannedUpstream(t, answer);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const final = await client.readFinal();
  t.equal(final.status, 200);
  t.equal(valuesOf(final, 'x-long')[0]?.length, 15_000);
});

t.test('a response head beyond the limit is a bad response', async (t) => {
  const response = await got(t, ['HTTP/1.1 200 OK', `X: ${'x'.repeat(20_000)}`, 'Content-Length: 0']);
  t.equal(response.status, 502);
});

t.test('an answer to a request that cannot be read has its body, although the parser read a HEAD before', async (t) => {
  const upstream = await cannedUpstream(t, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.readResponse({ method: 'HEAD' });
  const other = await rawClient(t, port);
  other.send('G(T / HTTP/1.1\r\n\r\n');
  t.equal((await other.readResponse()).body.toString(), 'bad_method\n');
});

t.test('an answer of our own to an HTTP/1.0 client that asks for keep-alive says that it closes', async (t) => {
  const { port } = await planeTo(t, []);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  const answer = await client.readResponse();
  t.equal(answer.status, 503);
  t.same(valuesOf(answer, 'connection'), ['close']);
  t.equal(await client.ending(), 'end');
});

t.test('an answer of our own to HEAD has no body, and the connection goes on', async (t) => {
  const { port } = await planeTo(t, []);
  const client = await rawClient(t, port);
  for (let i = 0; i < 2; i += 1) {
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = await client.readResponse({ method: 'HEAD' });
    t.equal(answer.status, 503);
    t.same(valuesOf(answer, 'content-length'), ['13']);
  }
});
