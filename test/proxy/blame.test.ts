import t, { type Test } from 'tap';
import { type TestPlane, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat/2\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
/** More than it takes to eject an endpoint. */
const TIMES = 8;

/** A canary with one endpoint, that does `answer` once it has a head, and a version that would fall in. */
async function scene(t: Test, answer: (peer: RawPeer, head: string) => Promise<void> | void): Promise<TestPlane> {
  const stable = await strictUpstream(t);
  const canary = await rawUpstream(t, async (peer) => answer(peer, await peer.readThrough('\r\n\r\n')));
  return testPlane(t, {
    versions: { canary: { ports: [canary.port], fallback: ['stable'] }, stable: { ports: [stable.port] } },
  });
}

async function ask(t: Test, plane: TestPlane, request: string): Promise<number> {
  const client = await rawClient(t, plane.port);
  client.send(request);
  const { status } = await client.readFinal();
  client.socket.destroy();
  return status;
}

function noneEjected(t: Test, plane: TestPlane): void {
  t.same([plane.ejections('canary'), plane.fallbacks()], [{}, {}], 'and its endpoint is as good as before');
}

t.test('an application that hangs up on WebSockets that it does not know says nothing of its endpoint', async (t) => {
  const plane = await scene(t, (peer) => void peer.socket.destroy());
  for (let i = 0; i < TIMES; i += 1) {
    t.equal(await ask(t, plane, UPGRADE), 502);
    plane.pass(1_000);
  }
  t.same(plane.failures('canary'), { reset: TIMES });
  noneEjected(t, plane);
});

t.test('a 101 to a protocol that was asked for by an odd name says nothing of its endpoint', async (t) => {
  const plane = await scene(t, (peer) => {
    peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n');
  });
  for (let i = 0; i < TIMES; i += 1) {
    t.equal(await ask(t, plane, UPGRADE), 502);
    plane.pass(1_000);
  }
  t.same(plane.failures('canary'), { bad_response: TIMES });
  noneEjected(t, plane);
});

t.test('an application that hangs up on a client whose body does not come says nothing of its endpoint', async (t) => {
  const plane = await scene(t, (peer) => void peer.socket.destroy());
  for (let i = 0; i < TIMES; i += 1) {
    t.equal(await ask(t, plane, POST.slice(0, -1)), 502);
    plane.pass(1_000);
  }
  t.same(plane.failures('canary'), { reset: TIMES });
  noneEjected(t, plane);
});

t.test('requests on which an application hangs up eject nobody while others are answered between them', async (t) => {
  const plane = await scene(t, async (peer, head) => {
    for (let at = head; !at.startsWith('POST'); at = await peer.readThrough('\r\n\r\n')) peer.send(OK);
    peer.socket.destroy();
  });
  for (let second = 0; second < 5; second += 1) {
    // One client's, in one instant: nobody else's can come between them.
    const burst = Array.from({ length: TIMES }, () => ask(t, plane, POST));
    t.same(
      await Promise.all(burst),
      Array.from(burst, () => 502),
    );
    plane.pass(100);
    t.equal(await ask(t, plane, GET), 200);
    plane.pass(900);
  }
  noneEjected(t, plane);
});

t.test('failures that come in bursts eject an endpoint that answers nobody', async (t) => {
  const plane = await scene(t, (peer) => void peer.socket.destroy());
  for (let i = 0; i < 5; i += 1) {
    await Promise.all(Array.from({ length: TIMES }, () => ask(t, plane, POST)));
    plane.pass(250);
  }
  t.same(plane.ejections('canary'), { no_answer: 1 });
  t.equal(await ask(t, plane, POST), 200, 'its fallback answers');
});

t.test('a client whose body never ends cannot keep an endpoint on trial', async (t) => {
  let well = false;
  const plane = await scene(t, (peer, head) => {
    if (!well) peer.socket.destroy();
    else if (head.startsWith('GET')) peer.send(OK);
  });
  for (let i = 0; i < 5; i += 1) {
    t.equal(await ask(t, plane, POST), 502);
    plane.pass(250);
  }
  t.same(plane.ejections('canary'), { no_answer: 1 });
  plane.pass(33_001);
  well = true;
  const drip = await rawClient(t, plane.port);
  drip.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\n');
  await plane.until(() => plane.inFlight() === 1, 'the trial');
  plane.pass(250);
  for (let i = 0; i < 3; i += 1) {
    t.equal(await ask(t, plane, GET), 200);
    plane.pass(5_000);
    drip.send('x');
  }
  t.same(plane.fallbacks(), { 'canary>stable unhealthy': 2 }, 'it is over after ten seconds');
});
