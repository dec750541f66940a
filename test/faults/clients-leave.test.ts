import t, { type Test } from 'tap';
import type { RawPeer } from '../lib/raw-peer.ts';
import { rawUpstream } from '../lib/upstreams.ts';
import { blackHole } from './black-hole.ts';
import { GET, OK, type Scene, scene, sceneTo, turns } from './scene.ts';

/**
 * The upstream exchange is ended in this time, in milliseconds of this process: the wait below never sleeps, so that is the
 * time that passes, less what a busy machine gives to others.
 */
const PROMPT_MS = 100;
const MEGABYTES = 64 << 20;

function post(length: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
}

/** Has a client leave, and checks that the plane has let go of everything at once: no timeout is involved. */
async function promptly(t: Test, under: Scene, leave: () => void): Promise<void> {
  const began = process.cpuUsage();
  leave();
  await under.plane.until(
    () => under.plane.plane.connections.size === 0 && under.upstream.peers.every((peer) => peer.ended || peer.closed),
    'the end of both connections',
  );
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1000;
  t.ok(took < PROMPT_MS, `it took ${took.toFixed(1)} ms`);
}

async function reads(peer: RawPeer): Promise<void> {
  await peer.readRequest();
}

t.test('a client aborts inside its head: nobody is asked, nothing is counted', async (t) => {
  const under = await scene(t, reads);
  const client = await under.client();
  client.send('GET / HTTP/1.1\r\nHo');
  await turns(5);
  await promptly(t, under, () => client.reset());
  await under.leaves({ reasons: [] });
});

t.test('a client aborts while the upstream is being connected', async (t) => {
  const hole = await blackHole(t);
  const none = await rawUpstream(t, () => {});
  const under = await sceneTo(t, none, [hole]);
  for (const request of [GET, post(100), `${post(100)}half`]) {
    const client = await under.client();
    client.send(request);
    await under.plane.until(() => under.plane.inFlight() === 1, 'the request');
    await turns(5);
    await promptly(t, under, () => client.reset());
  }
  await under.leaves({ statuses: { 499: 3 }, reasons: Array(3).fill('client_closed') });
});

t.test('a client aborts in the same moment in which the upstream is connected', async (t) => {
  const under = await scene(t, reads);
  for (let i = 0; i < 50; i += 1) {
    const client = await under.client();
    client.send(GET);
    await turns(i % 5);
    client.reset();
  }
  await under.plane.until(() => under.plane.connections() === 0, 'the connections to close');
  const counted = under.plane.statuses('only')[499] ?? 0;
  await under.leaves({ statuses: counted > 0 ? { 499: counted } : {}, reasons: Array(counted).fill('client_closed') });
});

t.test('a client aborts while it waits for the answer', async (t) => {
  const under = await scene(t, reads);
  const client = await under.client();
  client.send(GET);
  await (await under.peer()).until(() => under.plane.inFlight() === 1, 'the request');
  await turns(5);
  await promptly(t, under, () => client.reset());
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client aborts inside its body', async (t) => {
  const under = await scene(t, async (peer) => void (await peer.readThrough('half')));
  const client = await under.client();
  client.send(`${post(100)}half`);
  await (await under.peer()).until(() => under.upstream.peers[0]?.unread.length === 0, 'the half');
  await turns(5);
  await promptly(t, under, () => client.reset());
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client ends its side inside its body: 400, and the upstream exchange is ended', async (t) => {
  const under = await scene(t, async (peer) => void (await peer.readThrough('half')));
  const client = await under.client();
  client.send(`${post(100)}half`);
  await under.peer();
  await turns(5);
  await promptly(t, under, () => client.socket.end());
  const answer = await client.readResponse();
  t.equal(answer.status, 400);
  t.equal(answer.body.toString(), 'request_truncated\n');
  await under.leaves({ statuses: { 400: 1 }, reasons: ['request_truncated'] });
});

t.test('a client aborts an upload that the upstream does not read: the next sweep notices', async (t) => {
  // Bug: a socket that is not read tells nobody of its reset; the exchange stayed until its timeout.
  const under = await scene(t, (peer) => void peer.socket.removeAllListeners('data').pause());
  const client = await under.client();
  client.send(post(MEGABYTES));
  client.send(Buffer.alloc(MEGABYTES));
  await stalled(under);
  client.reset();
  await turns(20);
  for (const peer of under.upstream.peers) peer.socket.resume();
  await promptly(t, under, () => under.plane.pass(250));
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client aborts between the head of the answer and its body', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
  });
  const client = await under.client();
  client.send(GET);
  await client.readThrough('\r\n\r\n');
  await promptly(t, under, () => client.reset());
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client aborts inside the body of the answer', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  });
  const client = await under.client();
  client.send(GET);
  await client.readThrough('half\r\n');
  await promptly(t, under, () => client.reset());
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client aborts an answer that it does not read', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${MEGABYTES}\r\n\r\n`);
    peer.send(Buffer.alloc(MEGABYTES));
  });
  const client = await under.client();
  client.socket.pause();
  client.send(GET);
  await stalled(under);
  await promptly(t, under, () => client.reset());
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test(
  'a client ends its side, and then aborts inside the body of the answer: the next bytes for it show it',
  async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nhalf');
    });
    const client = await under.client();
    client.send(GET);
    await client.readThrough('half');
    client.socket.end();
    await turns(10);
    client.reset();
    const peer = await under.peer();
    while (!peer.ended && !peer.closed) {
      peer.send('more');
      await turns(1);
    }
    await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
  },
);

t.test('a client that has pipelined aborts: what it asked for later is never begun', async (t) => {
  let asked = 0;
  const under = await scene(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      asked += 1;
    }
  });
  const client = await under.client();
  client.send(GET.repeat(20));
  await under.plane.until(() => asked === 1, 'the first request');
  await promptly(t, under, () => client.reset());
  t.equal(asked, 1);
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client that has pipelined more than is read in advance aborts: the next sweep notices', async (t) => {
  // Bug: a socket that is not read tells nobody of its reset; the exchange stayed until its timeout.
  const under = await scene(t, reads);
  const client = await under.client();
  client.send(Buffer.from(GET.repeat(MEGABYTES / 2 / GET.length)));
  await stalled(under);
  client.reset();
  await turns(20);
  await promptly(t, under, () => under.plane.pass(250));
  await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
});

t.test('a client aborts in the moment of the answer: the request is counted once, either way', async (t) => {
  const under = await scene(t, async (peer, index) => {
    await peer.readRequest();
    const client = under.clients[index];
    if (index % 2 === 0) client?.reset();
    peer.send(OK);
    if (index % 3 === 0) peer.socket.end();
    if (index % 2 === 1) client?.reset();
  });
  for (let i = 0; i < 30; i += 1) {
    const client = await under.client();
    client.send(GET);
    await client.gone();
    await under.plane.until(() => under.plane.connections() === 0, 'the connection to close');
    under.plane.pass(4_100);
  }
  const { 200: answered = 0, 499: left = 0 } = under.plane.statuses('only');
  t.equal(answered + left, 30);
  const reasons = [...Array(answered).fill(''), ...Array(left).fill('client_closed')];
  await under.leaves({ statuses: under.plane.statuses('only'), reasons });
});

t.test('a client aborts in the moment in which its request is tried again', async (t) => {
  const under = await scene(t, async (peer, index) => {
    await peer.readRequest();
    if (index === 0) {
      under.clients[0]?.reset();
      peer.reset();
    }
  });
  const client = await under.client();
  client.send(GET);
  await client.gone();
  await under.plane.until(() => under.plane.connections() === 0, 'the connection to close');
  const { failures, retries } = { failures: under.plane.failures('only'), retries: under.plane.retries('only') };
  await under.leaves({ statuses: { 499: 1 }, failures, retries, reasons: ['client_closed'] });
});

/** Resolves when the only client is not read any more, or nothing more is written to it. */
async function stalled({ plane }: Scene): Promise<void> {
  for (let before = -1; ; ) {
    await turns(100);
    const [connection] = plane.plane.connections;
    if (connection === undefined) continue;
    const { bytesRead, bytesWritten } = connection.socket;
    if (bytesRead > 0 && bytesRead + bytesWritten === before) return;
    before = bytesRead + bytesWritten;
  }
}
