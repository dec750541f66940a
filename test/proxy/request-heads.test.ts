import t, { type Test } from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import type { SettingsChange } from '../lib/test-settings.ts';
import { cannedUpstream, type SeenRequest, strictUpstream } from '../lib/upstreams.ts';

/** What the upstream sees of a request of these lines. */
async function seen(t: Test, lines: readonly string[], settings: SettingsChange = {}): Promise<SeenRequest> {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port], settings);
  const client = await rawClient(t, port);
  client.send(`${lines.join('\r\n')}\r\n\r\n`);
  await client.readFinal(lines[0]?.startsWith('HEAD') ? { method: 'HEAD' } : {});
  const [request] = upstream.seen;
  if (request === undefined) throw new Error('nothing arrived');
  return request;
}

t.test('fields that Connection names and fields of one hop end here, and all others go on as they came', async (t) => {
  const { fields } = await seen(t, [
    'GET / HTTP/1.1',
    'Host: a.example',
    'Connection: X-Private, keep-alive',
    'X-Private: 1',
    'X-Public:  two  words ',
    'Keep-Alive: timeout=9',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eA==',
    'TE: gzip, trailers',
    'Trailer: X-Sum',
    'Accept: */*',
    'Accept: text/plain',
  ]);
  t.same(fields, [
    ['host', 'a.example'],
    ['x-public', 'two  words'],
    ['accept', '*/*'],
    ['accept', 'text/plain'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'http'],
    ['via', '1.1 headgate'],
    ['x-forwarded-host', 'a.example'],
  ]);
});

t.test('Connection cannot take away what the upstream trusts or needs', async (t) => {
  const request = await seen(t, [
    'GET / HTTP/1.1',
    'Host: a.example',
    'Connection: host, authorization, cookie, x-forwarded-for, X-Forwarded-Host, content-length, x-forwarded-port',
    'Authorization: Bearer x',
    'Cookie: a=b',
    'X-Forwarded-Port: 1',
    'Content-Length: 0',
  ]);
  t.same(valuesOf(request, 'host'), ['a.example']);
  t.same(valuesOf(request, 'authorization'), ['Bearer x']);
  t.same(valuesOf(request, 'cookie'), ['a=b']);
  t.same(valuesOf(request, 'content-length'), ['0']);
  t.same(valuesOf(request, 'x-forwarded-port'), ['1']);
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1']);
});

t.test('what an untrusted client says of hops before it is replaced', async (t) => {
  const request = await seen(t, [
    'GET / HTTP/1.1',
    'Host: a.example:8080',
    'X-Forwarded-For: 6.6.6.6',
    'x-forwarded-proto: https',
    'X-FORWARDED-HOST: evil.example',
    'Forwarded: for=6.6.6.6',
  ]);
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1']);
  t.same(valuesOf(request, 'x-forwarded-proto'), ['http']);
  t.same(valuesOf(request, 'x-forwarded-host'), ['a.example:8080']);
  t.same(valuesOf(request, 'forwarded'), []);
});

t.test('X_Forwarded_For, which CGI and WSGI take for X-Forwarded-For, does not reach the application', async (t) => {
  const request = await seen(t, [
    'GET / HTTP/1.1',
    'Host: a',
    'X_Forwarded_For: 6.6.6.6',
    'Transfer_Encoding: chunked',
    'A_B: c',
  ]);
  const names = request.fields.map(([name]) => name);
  t.same(names, ['host', 'a_b', 'x-forwarded-for', 'x-forwarded-proto', 'via', 'x-forwarded-host']);
});

t.test('what a trusted peer says of hops before it is kept, and its own address is added', async (t) => {
  const request = await seen(
    t,
    [
      'GET / HTTP/1.1',
      'Host: a.example',
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-For: 10.1.1.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: shop.example',
      'Forwarded: for=6.6.6.6;proto=https',
    ],
    { trusted: ['10.0.0.0/8', '127.0.0.0/8'] },
  );
  t.same(valuesOf(request, 'x-forwarded-for'), ['6.6.6.6, 10.1.1.1, 127.0.0.1']);
  t.same(valuesOf(request, 'x-forwarded-proto'), ['https']);
  t.same(valuesOf(request, 'x-forwarded-host'), ['shop.example']);
  t.same(valuesOf(request, 'forwarded'), ['for=6.6.6.6;proto=https, for=127.0.0.1']);
  t.same(valuesOf(request, 'via'), ['1.1 headgate']);
});

t.test('a trusted peer that says nothing is treated like any client', async (t) => {
  const request = await seen(t, ['GET / HTTP/1.1', 'Host: a.example'], { trusted: ['127.0.0.1'] });
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1']);
  t.same(valuesOf(request, 'x-forwarded-proto'), ['http']);
  t.same(valuesOf(request, 'x-forwarded-host'), ['a.example']);
  t.same(valuesOf(request, 'forwarded'), []);
});

t.test('an IPv6 client is named plainly in X-Forwarded-For, and in brackets and quotes in Forwarded', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { only: { ports: [upstream.port] } },
    address: '::1',
    trusted: ['::1'],
  });
  const client = await rawClient(t, plane.port, { host: '::1' });
  client.send('GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=unknown\r\n\r\n');
  await client.readFinal();
  const request = upstream.seen[0] ?? { fields: [] };
  t.same(valuesOf(request, 'x-forwarded-for'), ['::1']);
  t.same(valuesOf(request, 'forwarded'), ['for=unknown, for="[::1]"']);
});

t.test('Via is added behind those of others', async (t) => {
  const request = await seen(t, ['GET / HTTP/1.1', 'Host: a', 'Via: 1.0 fred']);
  t.same(valuesOf(request, 'via'), ['1.0 fred', '1.1 headgate']);
});

t.test('Via tells the version that the client spoke', async (t) => {
  t.same(valuesOf(await seen(t, ['GET / HTTP/1.0']), 'via'), ['1.0 headgate']);
  t.same(valuesOf(await seen(t, ['GET / HTTP/1.0'], { trusted: ['127.0.0.1'] }), 'via'), ['1.0 headgate']);
});

t.test('absolute-form becomes origin-form, and its authority replaces Host', async (t) => {
  const request = await seen(t, ['GET http://real.example:81/a/b?c=d HTTP/1.1', 'Host: other.example']);
  t.equal(request.target, '/a/b?c=d');
  t.same(valuesOf(request, 'host'), ['real.example:81']);
  t.same(valuesOf(request, 'x-forwarded-host'), ['real.example:81']);
});

t.test('a query without a path gets the slash that origin-form needs', async (t) => {
  t.equal((await seen(t, ['GET http://a?b=c HTTP/1.1', 'Host: a'])).target, '/?b=c');
});

t.test('OPTIONS of an authority alone asks the server itself', async (t) => {
  t.equal((await seen(t, ['OPTIONS http://a HTTP/1.1', 'Host: a'])).target, '*');
  t.equal((await seen(t, ['OPTIONS http://a?b HTTP/1.1', 'Host: a'])).target, '/?b');
  t.equal((await seen(t, ['OPTIONS * HTTP/1.1', 'Host: a'])).target, '*');
});

t.test('Max-Forwards counts down in OPTIONS and is left alone elsewhere', async (t) => {
  t.same(valuesOf(await seen(t, ['OPTIONS / HTTP/1.1', 'Host: a', 'Max-Forwards: 10']), 'max-forwards'), ['9']);
  t.same(valuesOf(await seen(t, ['GET / HTTP/1.1', 'Host: a', 'Max-Forwards: 0']), 'max-forwards'), ['0']);
});

t.test('OPTIONS with Max-Forwards: 0 is answered here', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n');
  const answer = await client.readFinal();
  t.equal(answer.status, 200);
  t.same(valuesOf(answer, 'server'), ['headgate']);
  t.equal(upstream.begun, 0);
  t.same(plane.statuses(null), { 200: 1 });
});

t.test('an HTTP/1.0 request without Host gets the endpoint for its host', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  t.equal((await client.readFinal()).status, 200);
  t.same(valuesOf(upstream.seen[0] ?? { fields: [] }, 'host'), [`127.0.0.1:${upstream.port}`]);
});

t.test('a head that is nearly all Host is sent in full, although the name goes out twice', async (t) => {
  const name = 'h'.repeat(120_000);
  const upstream = await cannedUpstream(t, 'HTTP/1.1 204 No Content\r\n\r\n');
  const { port } = await planeTo(t, [upstream.port], { limits: { headerBytes: 130_000 } });
  const client = await rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
  t.equal((await client.readFinal()).status, 204);
  const [request] = upstream.requests;
  t.same(
    request?.fields.map(([field, value]) => [field, value.length]),
    [
      ['host', 120_000],
      ['x-forwarded-for', 9],
      ['x-forwarded-proto', 4],
      ['via', 12],
      ['x-forwarded-host', 120_000],
    ],
  );
});

t.test('a request that has passed 15 proxies goes on, and one that has passed 16 is in a loop: 508', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  const ask = (hops: number) => {
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nVia: ${Array(hops).fill('1.1 p').join(', ')}\r\n\r\n`);
    return client.readFinal();
  };
  t.equal((await ask(15)).status, 200);
  t.equal((await ask(16)).status, 508);
  t.equal(upstream.seen.length, 1);
});

t.test('a proxy whose endpoint is the proxy itself answers 508 instead of going round for ever', async (t) => {
  const looped = await planeTo(t, []);
  const { table, endpoints } = staticTable({ only: { ports: [looped.port] } });
  looped.apply(table, endpoints);
  const client = await rawClient(t, looped.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal((await client.readFinal()).status, 508);
});
