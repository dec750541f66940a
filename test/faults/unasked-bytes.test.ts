import t from 'tap';
import type { RawPeer } from '../lib/raw-peer.ts';
import { GET, OK, type Scene, scene, turns } from './scene.ts';

const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
/** Bytes that one read of an upstream connection takes at most. */
const ROOM = 65_536;
const TWO_HUNDRED = (count: number) => ({ statuses: { 200: count }, reasons: Array(count).fill('') });

/** Answers whatever comes. */
async function polite(peer: RawPeer): Promise<void> {
  for (;;) {
    await peer.readRequest();
    peer.send(OK);
  }
}

/** A scene with an idle upstream connection, over which one request has been answered. */
async function idle(t: Parameters<typeof scene>[0]): Promise<{ under: Scene; client: RawPeer; first: RawPeer }> {
  const under = await scene(t, polite);
  const client = await under.client();
  client.send(GET);
  await client.readResponse();
  return { under, client, first: await under.peer() };
}

const UNASKED: Readonly<Record<string, (peer: RawPeer) => void>> = {
  'half a head': (peer: RawPeer) => peer.send('HTTP/1.1 200 OK\r\nConte'),
  'a whole fake answer': (peer: RawPeer) => peer.send(POISON),
  'ten fake answers': (peer: RawPeer) => peer.send(POISON.repeat(10)),
  'an empty line': (peer: RawPeer) => peer.send('\r\n'),
  'a fake answer together with FIN': (peer: RawPeer) => void peer.socket.end(POISON),
  'the 408 of a server that is tired of waiting': (peer: RawPeer) => {
    peer.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  },
};

for (const [what, send] of Object.entries(UNASKED)) {
  t.test(`bytes on an idle connection, ${what}: it is closed, and the next request has its own answer`, async (t) => {
    const { under, client, first } = await idle(t);
    send(first);
    await first.until(() => first.ended || first.closed, 'the end of the poisoned connection');
    client.send(GET);
    t.equal((await client.readResponse()).body.toString(), 'ok');
    t.equal(under.upstream.peers.length, 2);
    t.equal(client.unread.length, 0);
    await under.leaves(TWO_HUNDRED(2));
  });

  t.test(`bytes on an idle connection, ${what}, that arrive right before the next request`, async (t) => {
    const { under, client, first } = await idle(t);
    // Both are with the kernel when the loop looks next: what came first is seen first.
    send(first);
    client.send(GET);
    t.equal((await client.readResponse()).body.toString(), 'ok');
    t.equal(under.upstream.peers.length, 2);
    await under.leaves(TWO_HUNDRED(2));
  });
}

const ANSWERS: Readonly<Record<string, string>> = {
  'a Content-Length body': OK,
  'an answer without a body': 'HTTP/1.1 204 No Content\r\n\r\n',
  'a chunked body': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
};

for (const [which, answer] of Object.entries(ANSWERS)) {
  t.test(`bytes after the response, behind ${which}, are not passed on and end the upstream connection`, async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      peer.send(answer + POISON);
    });
    const client = await under.client();
    // Pipelined: the second request is at hand when the first is answered.
    client.send(GET + GET);
    for (let i = 0; i < 2; i += 1) t.not((await client.readResponse()).body.toString(), 'poison');
    t.equal(under.upstream.peers.length, 2);
    t.equal(client.unread.length, 0);
    const status = answer.slice(9, 12);
    await under.leaves({ statuses: { [status]: 2 }, reasons: ['', ''] });
  });
}

t.test('the body that an answer to HEAD must not have ends the upstream connection', async (t) => {
  const under = await scene(t, polite);
  const client = await under.client();
  client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.readResponse({ method: 'HEAD' });
  client.send(GET);
  t.equal((await client.readResponse()).body.toString(), 'ok');
  t.equal(under.upstream.peers.length, 2);
  await under.leaves(TWO_HUNDRED(2));
});

t.test('bytes after the response that only the next read would show never answer a pipelined request', async (t) => {
  // Bug: a response that filled the buffer to its last byte left the connection clean, and the next request of the same
  // client went out on it before the rest was read: the rest became its answer.
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n';
  const under = await scene(t, async (peer, index) => {
    await peer.readRequest();
    if (index > 0) return peer.send(OK);
    const room = ROOM - head.length;
    const whole = `${head.replace('99999', String(room))}${'x'.repeat(room)}`;
    t.equal(whole.length, ROOM);
    peer.send(whole + POISON);
  });
  const client = await under.client();
  client.send(GET + GET);
  t.equal((await client.readResponse()).body.toString().replaceAll('x', ''), '');
  t.equal((await client.readResponse()).body.toString(), 'ok');
  t.equal(under.upstream.peers.length, 2);
  await under.leaves(TWO_HUNDRED(2));
});

t.test('bytes after the response are noticed also while the client does not take it', async (t) => {
  // Bug: the buffer that the client's socket still referred to was replaced before anybody looked for bytes behind the
  // answer, and the connection was used again.
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    const [connection] = under.plane.plane.connections;
    connection?.socket.cork();
    peer.send(OK + POISON.slice(0, 20));
    await turns(20);
    connection?.socket.uncork();
  });
  const client = await under.client();
  for (let i = 0; i < 2; i += 1) {
    client.send(GET);
    t.equal((await client.readResponse()).body.toString(), 'ok');
  }
  t.equal(under.upstream.peers.length, 2);
  await under.leaves(TWO_HUNDRED(2));
});
