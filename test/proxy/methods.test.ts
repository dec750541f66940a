import t, { type Test } from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type StrictUpstream, strictUpstream } from '../lib/upstreams.ts';

/** What the client is answered, and whether the connection goes on. */
async function asked(t: Test, lines: readonly string[], body = '') {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  return { upstream, plane, client, response: await client.readResponse() };
}

function maxForwards({ seen }: StrictUpstream): string[] {
  return valuesOf(seen.at(-1) ?? { fields: [] }, 'max-forwards');
}

for (const line of ['CONNECT a:443 HTTP/1.1', 'TRACE / HTTP/1.1', 'TRACE * HTTP/1.1']) {
  t.test(`${line} is answered with 405 and the methods that there are, and no upstream sees it`, async (t) => {
    const { upstream, client, response } = await asked(t, [line, 'Host: a', 'Max-Forwards: 0', 'Cookie: secret']);
    t.equal(response.status, 405);
    t.same(valuesOf(response, 'allow'), ['GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']);
    t.notMatch(response.body.toString(), /secret/);
    t.equal(await client.ending(), 'end', 'what comes behind it is no request');
    t.equal(upstream.connections, 0);
  });
}

t.test('what a client sends behind a CONNECT is no request of its own', async (t) => {
  const { upstream, client } = await asked(
    t,
    ['CONNECT a:443 HTTP/1.1', 'Host: a'],
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  t.equal(await client.ending(), 'end');
  t.equal(client.text(), '');
  t.equal(upstream.connections, 0);
});

t.test('connect and trace in lower case are methods like any other: names of methods know cases', async (t) => {
  for (const method of ['connect', 'Trace']) {
    const { response } = await asked(t, [`${method} / HTTP/1.1`, 'Host: a']);
    t.not(response.status, 405);
  }
});

t.test('Max-Forwards counts down to 0, and the one after that answers', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  const options = async (target: string, value: string) => {
    client.send(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${value}\r\n\r\n`);
    return valuesOf(await client.readResponse(), 'server').length === 1 ? 'headgate' : maxForwards(upstream);
  };
  t.same(await options('*', '2'), ['1']);
  t.same(await options('*', '1'), ['0']);
  t.same(await options('*', '0'), 'headgate');
  t.same(await options('/a', '00'), 'headgate');
  t.same(await options('http://a', '010'), ['9']);
  t.equal(upstream.connections, 1, 'an answer of its own leaves the connection as it was');
});

t.test('Max-Forwards that is no number is not counted', async (t) => {
  const upstream = await strictUpstream(t);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (const value of ['-1', '1.5', 'x', '']) {
    client.send(`OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${value}\r\n\r\n`);
    t.equal((await client.readResponse()).status, 200);
    t.same(maxForwards(upstream), [value]);
  }
});

t.test('OPTIONS with Max-Forwards: 0 and a body that is still to come closes the connection', async (t) => {
  const { upstream, client, response } = await asked(t, [
    'OPTIONS / HTTP/1.1',
    'Host: a',
    'Max-Forwards: 0',
    'Content-Length: 34',
  ]);
  t.equal(response.status, 200);
  t.same(valuesOf(response, 'connection'), ['close']);
  client.send('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal(await client.ending(), 'end');
  t.equal(upstream.connections, 0);
});

t.test('OPTIONS * goes to the route of its host, as such', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await testPlane(t, { versions: { only: { ports: [upstream.port] } } });
  const client = await rawClient(t, plane.port);
  client.send('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal((await client.readResponse()).status, 200);
  t.equal(upstream.seen[0]?.target, '*');
});

t.test('OPTIONS * is on no route whose path is longer than /', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await testPlane(t, { versions: { only: { ports: [upstream.port] } }, path: '/api' });
  const client = await rawClient(t, plane.port);
  client.send('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal((await client.readResponse()).status, 404);
});

t.test('* with another method than OPTIONS is refused', async (t) => {
  for (const method of ['GET', 'HEAD', 'POST', 'options']) {
    const upstream = await strictUpstream(t);
    const { port } = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, port);
    client.send(`${method} * HTTP/1.1\r\nHost: a\r\n\r\n`);
    t.equal((await client.readResponse({ method })).status, 400, method);
    t.equal(upstream.connections, 0);
  }
});
