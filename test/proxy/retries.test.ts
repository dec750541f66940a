import t, { type Test } from 'tap';
import { planeTo, type TestPlane, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { deadPort, type RawUpstream, rawUpstream, type Script, strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';

interface Counting extends RawUpstream {
  /** Heads of requests that arrived, whatever became of them. */
  heads: number;
}

/** Does `end` with each connection once the head of a request has arrived. */
async function counting(t: Test, end: (peer: RawPeer) => Promise<void> | void): Promise<Counting> {
  const script: Script = async (peer) => {
    await peer.readThrough('\r\n\r\n');
    counted.heads += 1;
    await end(peer);
  };
  const counted: Counting = Object.assign(await rawUpstream(t, script), { heads: 0 });
  return counted;
}

async function ask(t: Test, plane: TestPlane, request: string): Promise<number> {
  const client = await rawClient(t, plane.port);
  client.send(request);
  const { status } = await client.readResponse();
  client.socket.destroy();
  return status;
}

/** Each way in which an endpoint can fail after it has taken a request, and what must pass before Headgate knows. */
const FAILURES: Readonly<Record<string, readonly [end: (peer: RawPeer) => Promise<void> | void, waitMs: number]>> = {
  'a reset': [(peer) => peer.reset(), 0],
  'a FIN': [(peer) => void peer.socket.end(), 0],
  'a reset within the head of the answer': [
    async (peer) => {
      peer.send('HTTP/1.1 200 O');
      for (let i = 0; i < 5; i += 1) await turn();
      peer.reset();
    },
    0,
  ],
  'a FIN within the head of the answer': [
    (peer) => {
      peer.send('HTTP/1.1 200 O');
      peer.socket.end();
    },
    0,
  ],
  'what is no answer': [(peer) => peer.send('SSH-2.0-OpenSSH\r\n\r\n'), 0],
  silence: [() => undefined, 60_000],
};

t.test('a POST that may have reached the application is never sent twice, however the endpoint fails', async (t) => {
  for (const [name, [end, waitMs]] of Object.entries(FAILURES)) {
    for (const [phase, first, rest] of [
      ['whole', POST, ''],
      ['when half of its body has left', POST.slice(0, -2), POST.slice(-2)],
    ] as const) {
      // Two endpoints and a version that falls in: nothing is missing for another attempt.
      const failing = [await counting(t, end), await counting(t, end)];
      const other = await strictUpstream(t);
      const plane = await testPlane(t, {
        versions: {
          canary: { ports: failing.map(({ port }) => port), fallback: ['stable'] },
          stable: { ports: [other.port] },
        },
      });
      const client = await rawClient(t, plane.port);
      client.send(first);
      await plane.until(() => failing.some(({ heads }) => heads > 0), 'the request');
      if (waitMs > 0 && rest !== '') client.send(rest);
      for (let i = 0; i < 5; i += 1) await turn();
      if (waitMs > 0) plane.pass(waitMs);
      const { status } = await client.readResponse();
      t.ok(status === 502 || status === 504, `${name}, ${phase}: ${status}`);
      t.equal(failing.reduce((sum, { heads }) => sum + heads, 0) + other.begun, 1, `${name}, ${phase}: sent once`);
      t.same(plane.retries('canary'), {}, name);
      plane.plane.destroy();
    }
  }
});

t.test('a POST on a connection that was used before and is reset is not sent twice either', async (t) => {
  let posts = 0;
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    await peer.readThrough('\r\n\r\n');
    posts += 1;
    peer.reset();
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  t.equal((await client.readResponse()).status, 200);
  client.send(POST);
  t.equal((await client.readResponse()).status, 502);
  t.equal(posts, 1);
});

t.test('an outage of a whole version gets at most 1.2 times its requests, besides the minimum', async (t) => {
  for (const [minimum, most] of [
    [0, 0],
    [3, 30],
  ] as const) {
    const failing = [await counting(t, (peer) => peer.reset()), await counting(t, (peer) => peer.reset())];
    const plane = await planeTo(
      t,
      failing.map(({ port }) => port),
      { retries: { budget: 0.2, minimum } },
    );
    for (let i = 0; i < 100; i += 1) {
      if (i % 10 === 0) plane.pass(500);
      t.equal(await ask(t, plane, GET), 502);
    }
    const sent = failing.reduce((sum, { heads }) => sum + heads, 0);
    t.ok(sent <= 120 + most, `${sent} of 100 requests`);
    t.equal(sent, Math.min(200, 120 + most), 'and what the budget allows is used');
    const { reset: retried = 0 } = plane.retries('only');
    const { reset: refused = 0 } = plane.retriesRefused('only');
    t.equal(sent, 100 + retried);
    t.equal(retried + refused, 100, 'what the budget did not allow is counted');
  }
});

t.test('the budget of a canary does not keep its requests from the version that falls in', async (t) => {
  const canary = await counting(t, (peer) => peer.reset());
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
    retries: { budget: 0, minimum: 0 },
  });
  for (let i = 0; i < 4; i += 1) t.equal(await ask(t, plane, GET), 200);
  t.equal(canary.heads, 4, 'each is sent to the canary once');
  t.equal(stable.seen.length, 4, 'and to stable once');
});

t.test(
  'a request that fell in is tried at another endpoint, and never goes back to the version it came from',
  async (t) => {
    const canary = await counting(t, (peer) => peer.reset());
    const plane = await testPlane(t, {
      versions: {
        canary: { ports: [canary.port], fallback: ['stable'] },
        stable: { ports: [await deadPort(), await deadPort()], fallback: ['canary'] },
      },
      retries: { budget: 0, minimum: 0 },
    });
    t.equal(await ask(t, plane, GET), 502);
    t.equal(canary.heads, 1);
    t.same(plane.fallbacks(), { 'canary>stable connect_failed': 1 });
  },
);

t.test('with `retries: false` no request is sent twice, not even to the version that falls in', async (t) => {
  const stable = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: {
      canary: { ports: [await deadPort(), await deadPort()], fallback: ['stable'] },
      stable: { ports: [stable.port] },
    },
    retries: null,
  });
  t.equal(await ask(t, plane, GET), 502);
  t.same(plane.failures('canary'), { connect_refused: 1 });
  t.same([plane.retries('canary'), plane.retriesRefused('canary'), plane.fallbacks()], [{}, {}, {}]);
});
