import t, { type Test } from 'tap';
import { planeTo, type TestPlane, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { deadPort, type RawUpstream, rawUpstream, type Script, strictUpstream } from '../lib/upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function request(method: string, body = ''): string {
  return `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

interface Scene {
  readonly plane: TestPlane;
  readonly client: RawPeer;
  readonly upstream: RawUpstream;
}

async function scene(t: Test, script: Script): Promise<Scene> {
  const upstream = await rawUpstream(t, script);
  const plane = await planeTo(t, [upstream.port]);
  return { plane, client: await rawClient(t, plane.port), upstream };
}

t.test('a failed connect is tried once more, at another endpoint, with any method', async (t) => {
  const upstream = await strictUpstream(t);
  const dead = await deadPort();
  const plane = await planeTo(t, [dead, upstream.port]);
  for (let i = 0; i < 20; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send(request('POST', `body ${i}`));
    t.equal((await client.readResponse()).status, 200);
    client.socket.destroy();
  }
  const { connect_refused: refused = 0 } = plane.failures('only');
  t.ok(refused > 0, 'some went to the dead one first');
  t.same(plane.retries('only'), { connect: refused });
  t.same(plane.statuses('only'), { 200: 20 });
  t.same(
    upstream.seen.map(({ body }) => body),
    Array.from({ length: 20 }, (_, i) => `body ${i}`),
  );
});

t.test('what has arrived of a body is sent again after a failed connect, and the rest follows once', async (t) => {
  const upstream = await strictUpstream(t, (response, { body }) => void response.end(body));
  const plane = await testPlane(t, {
    versions: { first: { ports: [await deadPort()], fallback: ['second'] }, second: { ports: [upstream.port] } },
  });
  const client = await rawClient(t, plane.port);
  await client.sendEach([
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
    'lo\r\n6\r\n wor',
    'ld\r\n0\r\n\r\n',
  ]);
  t.equal((await client.readResponse()).body.toString(), 'hello world');
  t.same(plane.fallbacks(), { 'first>second connect_failed': 1 });
});

t.test('a process that is killed takes a new connection with it: a GET is asked elsewhere', async (t) => {
  const other = await strictUpstream(t);
  const dying = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.reset();
  });
  const plane = await planeTo(t, [dying.port, other.port]);
  for (let i = 0; i < 20; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send(request('GET'));
    t.equal((await client.readResponse()).status, 200);
  }
  t.ok(dying.peers.length > 0, 'some went to the dying one first');
});

t.test('what a version leaves unanswered twice is for the version that falls in', async (t) => {
  const stable = await strictUpstream(t);
  const canary = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.reset();
  });
  const plane = await testPlane(t, {
    versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
  });
  const client = await rawClient(t, plane.port);
  client.send(request('GET'));
  t.equal((await client.readResponse()).status, 200);
  t.equal(canary.peers.length, 2);
  t.same(plane.fallbacks(), { 'canary>stable connect_failed': 1 });
  client.send(request('POST'));
  t.equal((await client.readResponse()).status, 502, 'a POST may have been acted upon');
  t.same(plane.fallbacks(), { 'canary>stable connect_failed': 1 });
});

t.test('a reused connection that ends without an answer', async (t) => {
  /** Answers once, and ends the connection when the second request arrives. */
  const stale: Script = async (peer, index) => {
    for (let i = 0; ; i += 1) {
      await peer.readRequest();
      if (index === 0 && i === 1) {
        peer.reset();
        return;
      }
      peer.send(OK);
    }
  };
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    await t.test(`${method} is sent again, once, on a new connection`, async (t) => {
      const { plane, client, upstream } = await scene(t, stale);
      client.send(request('GET'));
      await client.readResponse();
      client.send(request(method, 'hello'));
      t.equal((await client.readResponse({ method })).status, 200);
      t.equal(upstream.peers.length, 2);
      t.same(plane.retries('only'), { reset: 1 });
      t.same(plane.failures('only'), { reset: 1 });
      t.same(plane.statuses('only'), { 200: 2 });
    });
  }
  for (const method of ['POST', 'PATCH', 'PROPFIND']) {
    await t.test(`${method} is not: it may have been acted upon`, async (t) => {
      const { plane, client, upstream } = await scene(t, stale);
      client.send(request('GET'));
      await client.readResponse();
      client.send(request(method, 'hello'));
      t.equal((await client.readResponse()).status, 502);
      t.equal(upstream.peers.length, 1);
      t.same(plane.retries('only'), {});
    });
  }
});

t.test('what a reset connection left unanswered goes to another endpoint: the old one may be dead', async (t) => {
  const other = await strictUpstream(t);
  // Each time one of two processes dies with requests under way: drawing the dead one again would be a failed request.
  for (let i = 0; i < 12; i += 1) {
    const dying = await rawUpstream(t, async (peer) => {
      await peer.readRequest();
      peer.send(OK);
      await peer.readRequest();
      dying.server.close();
      peer.reset();
    });
    const plane = await planeTo(t, [dying.port]);
    const client = await rawClient(t, plane.port);
    client.send(request('GET'));
    t.equal((await client.readResponse()).status, 200);
    plane.plane.applyEndpoints({
      'static/test/only': [dying.port, other.port].map((port) => ({ host: '127.0.0.1', port })),
    });
    while (dying.server.listening) {
      client.send(request('GET'));
      t.equal((await client.readResponse()).status, 200);
    }
  }
});

t.test('an idempotent request is not sent again when part of its body is gone for good', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(OK);
    await peer.readThrough('part two');
    peer.reset();
  });
  client.send(request('GET'));
  await client.readResponse();
  await client.sendEach(['PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart one', 'part two']);
  t.equal((await client.readResponse()).status, 502);
  t.equal(upstream.peers.length, 1);
  t.same(plane.retries('only'), {});
});

t.test('an idempotent request is not sent again when an interim answer has arrived', async (t) => {
  const { plane, client } = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(OK);
    await peer.readRequest();
    peer.send('HTTP/1.1 103 Early Hints\r\n\r\n');
    for (let i = 0; i < 5; i += 1) await turn();
    peer.reset();
  });
  client.send(request('GET'));
  await client.readResponse();
  client.send(request('GET'));
  t.equal((await client.readFinal()).status, 502);
  t.same(plane.retries('only'), {});
});

t.test('a retry that fails too is answered, and there is no third', async (t) => {
  const { plane, client, upstream } = await scene(t, async (peer, index) => {
    await peer.readRequest();
    if (index === 0) {
      peer.send(OK);
      await peer.readRequest();
    }
    peer.reset();
  });
  client.send(request('GET'));
  await client.readResponse();
  client.send(request('GET'));
  t.equal((await client.readResponse()).status, 502);
  t.equal(upstream.peers.length, 2);
  t.same(plane.failures('only'), { reset: 2 });
  t.same(plane.retries('only'), { reset: 1 });
});

t.test('an idle connection that the upstream has closed is not used', async (t) => {
  const { client, upstream, plane } = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(OK);
    await turn();
    peer.socket.end();
  });
  client.send(request('GET'));
  await client.readResponse();
  await upstream.peers[0]?.until(() => upstream.peers[0]?.ended === true, 'the end from this side');
  client.send(request('POST', 'hello'));
  t.equal((await client.readResponse()).status, 200);
  t.same(plane.failures('only'), {});
});
