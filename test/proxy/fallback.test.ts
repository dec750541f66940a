import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { deadPort, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

function get(to = ''): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${to === '' ? '' : `X-To: ${to}\r\n`}\r\n`;
}

t.test('the version that is asked for answers', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { ports: [canary.port], fallback: ['stable'] } },
    versionHeader: 'x-version',
  });
  const client = await rawClient(t, plane.port);
  for (const [to, version] of [
    ['', 'stable'],
    ['canary', 'canary'],
    ['stable', 'stable'],
    ['nobody', 'stable'],
  ] as const) {
    client.send(get(to));
    t.same(valuesOf(await client.readResponse(), 'x-version'), [version]);
  }
  t.same([stable.seen.length, canary.seen.length], [3, 1]);
  t.same(plane.fallbacks(), {});
});

t.test('a version without endpoints is answered by its fallback, which is charged and counted', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { fallback: ['stable'] } },
    versionHeader: 'x-version',
  });
  const client = await rawClient(t, plane.port);
  client.send(get('canary'));
  t.same(valuesOf(await client.readResponse(), 'x-version'), ['stable']);
  t.same(plane.fallbacks(), { 'canary>stable no_endpoints': 1 });
  t.same(plane.statuses('stable'), { 200: 1 });
  t.same(plane.statuses('canary'), {});
});

t.test('a rule without fallback answers 503 and charges the version that it names', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { fallback: ['stable'] } },
    noFallback: ['canary'],
  });
  const client = await rawClient(t, plane.port);
  client.send(get('canary'));
  const answer = await client.readResponse();
  t.equal(answer.status, 503);
  t.equal(answer.body.toString(), 'no_endpoints\n');
  t.same(plane.statuses('canary'), { 503: 1 });
  t.same(plane.fallbacks(), {});
  t.equal(stable.begun, 0);
});

t.test('nobody usable: 503', async (t) => {
  const plane = await testPlane(t, {
    versions: { stable: { fallback: ['canary'] }, canary: { fallback: ['stable'] } },
  });
  const client = await rawClient(t, plane.port);
  client.send(get());
  t.equal((await client.readResponse()).status, 503);
  t.same(plane.statuses('stable'), { 503: 1 });
  t.equal(plane.inFlight(), 0);
});

t.test('a version that refuses connections is answered by its fallback', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { ports: [await deadPort()], fallback: ['stable'] } },
    versionHeader: 'x-version',
  });
  const client = await rawClient(t, plane.port);
  client.send(get('canary'));
  t.same(valuesOf(await client.readResponse(), 'x-version'), ['stable']);
  t.same(plane.fallbacks(), { 'canary>stable connect_failed': 1 });
  t.same(plane.failures('canary'), { connect_refused: 1 });
  t.same(plane.retries('canary'), { connect: 1 });
  t.same(plane.statuses('stable'), { 200: 1 });
  t.same(plane.statuses('canary'), {});
  t.equal(plane.inFlight(), 0);
});

t.test('another endpoint of the version is tried before its fallback', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: {
      stable: { ports: [stable.port] },
      canary: { ports: [await deadPort(), await deadPort()], fallback: ['stable'] },
    },
  });
  const client = await rawClient(t, plane.port);
  client.send(get('canary'));
  t.equal((await client.readResponse()).status, 200);
  t.same(plane.failures('canary'), { connect_refused: 2 });
  t.same(plane.retries('canary'), { connect: 2 });
  t.same(plane.fallbacks(), { 'canary>stable connect_failed': 1 });
});

t.test('a rule without fallback does not fall back after a failed connect either', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { ports: [await deadPort()], fallback: ['stable'] } },
    noFallback: ['canary'],
  });
  const client = await rawClient(t, plane.port);
  client.send(get('canary'));
  t.equal((await client.readResponse()).status, 502);
  t.same(plane.statuses('canary'), { 502: 1 });
  t.same(plane.fallbacks(), {});
});

t.test('an answer of 500 is an answer: nobody falls in', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await strictUpstream(t, (response) => void response.writeHead(500).end());
  const plane = await testPlane(t, {
    versions: { stable: { ports: [stable.port] }, canary: { ports: [canary.port], fallback: ['stable'] } },
  });
  const client = await rawClient(t, plane.port);
  client.send(get('canary'));
  t.equal((await client.readResponse()).status, 500);
  t.same(plane.statuses('canary'), { 500: 1 });
  t.equal(stable.begun, 0);
});

t.test(
  'endpoints that come and go take effect on the next request, and idle connections of those gone are closed',
  async (t) => {
    const one = await strictUpstream(t, (response) => void response.end('one'));
    const two = await strictUpstream(t, (response) => void response.end('two'));
    const plane = await testPlane(t, { versions: { only: { ports: [one.port] } } });
    const client = await rawClient(t, plane.port);
    const ask = async (): Promise<string> => {
      client.send(get());
      return (await client.readResponse()).body.toString();
    };
    t.equal(await ask(), 'one');
    const [before] = plane.plane.upstreams.of('static/test/only').endpoints;
    plane.plane.applyEndpoints({ 'static/test/only': [{ host: '127.0.0.1', port: two.port }] });
    t.equal(before?.idleCount, 0);
    t.equal(await ask(), 'two');
    plane.plane.applyEndpoints({ 'static/test/only': [] });
    t.equal(await ask(), 'no_endpoints\n');
  },
);

t.test('an exchange that has begun ends with the endpoint that it began with, although that is gone', async (t) => {
  let answer: () => void = () => {};
  const upstream = await strictUpstream(t, (response) => {
    answer = () => void response.end('late');
  });
  const plane = await testPlane(t, { versions: { only: { ports: [upstream.port] } } });
  const client = await rawClient(t, plane.port);
  client.send(get());
  await plane.until(() => upstream.seen.length === 1, 'the request');
  const [endpoint] = plane.plane.upstreams.of('static/test/only').endpoints;
  plane.plane.applyEndpoints({ 'static/test/only': [] });
  plane.apply({ routes: [] }, {});
  answer();
  t.equal((await client.readResponse()).body.toString(), 'late');
  t.same(plane.statuses('only'), { 200: 1 });
  t.equal(plane.inFlight(), 0);
  t.equal(endpoint?.active, 0);
  t.equal(endpoint?.idleCount, 0, 'its connection is not kept');
  client.send(get());
  t.equal((await client.readResponse()).status, 404, 'the next request sees the new table');
});

t.test(
  'what a reset connection left unanswered goes to the fallback when the version has lost its endpoints',
  async (t) => {
    const stable = await strictUpstream(t);
    const canary = await rawUpstream(t, async (peer) => {
      await peer.readRequest();
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      await peer.readRequest();
      // Scaled down: the Pod is no endpoint any more, and what it had is reset.
      under.plane.applyEndpoints({ 'static/test/canary': [] });
      peer.reset();
    });
    const under = await testPlane(t, {
      versions: { stable: { ports: [stable.port] }, canary: { ports: [canary.port], fallback: ['stable'] } },
      versionHeader: 'x-version',
    });
    const client = await rawClient(t, under.port);
    for (const version of ['canary', 'stable']) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\nX-To: canary\r\n\r\n');
      t.same(valuesOf(await client.readResponse(), 'x-version'), [version]);
    }
    t.same(under.fallbacks(), { 'canary>stable no_endpoints': 1 });
    t.same(under.statuses('stable'), { 200: 1 });
  },
);
