import t, { type Test } from 'tap';
import { CHUNKED_CASES } from '../http1/chunked-cases.ts';
import { RESPONSE_CASES } from '../http1/response-cases.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { rawUpstream } from '../lib/upstreams.ts';
import { SEGMENTATIONS } from './segmentations.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** A chunked body is looked at in portions, and the head leaves with the first one: what is broken in a shorter body keeps it here. */
const ONE_PORTION = 6_144;
const CHUNKED_HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

t.test('every response head has one verdict, however its bytes are divided', async (t) => {
  const played = await player(t);
  for (const { name, bytes, verdict } of RESPONSE_CASES) {
    await t.test(name, async (t) => {
      for (const [how, split] of SEGMENTATIONS) {
        const informational = bytes.startsWith('HTTP/1.1 1');
        const end = /chunked/i.test(bytes) && verdict === 'accepted' ? '0\r\n\r\n' : '';
        const client = await played(t, split(bytes + end), !informational);
        if (verdict === 'accepted') {
          const expected = Number(bytes.slice(9, 12));
          t.equal((await client.readResponse()).status, expected, `${how}: passed on`);
        } else {
          const answer = await client.readFinal();
          t.equal(answer.status, 502, `${how}: 502`);
          t.equal(answer.body.toString(), 'bad_response\n', `${how}: the reason and nothing of the upstream`);
        }
        client.socket.destroy();
      }
    });
  }
});

t.test(
  'a chunked response is passed on whole, or cut, or refused: never ended cleanly where it is broken',
  async (t) => {
    const played = await player(t);
    for (const { name, bytes, verdict, content = '' } of CHUNKED_CASES) {
      await t.test(name, async (t) => {
        for (const [how, split] of SEGMENTATIONS) {
          const pieces = [CHUNKED_HEAD, ...split(bytes)];
          const client = await played(t, how === 'whole' ? [pieces.join('')] : pieces, false);
          if (verdict === 'accepted') {
            const { body } = await client.readResponse();
            t.equal(body.toString('latin1'), content, `${how}: the content`);
          } else {
            const answer = await client.readResponse().catch(() => null);
            // What is broken in the read that brought the head can still be told; and the kernel may make one read of several pieces.
            if (answer !== null) t.equal(answer.body.toString(), 'bad_response\n', `${how}: 502`);
            else t.equal(await client.ending(), 'reset', `${how}: cut`);
            if (how === 'whole' && bytes.length < ONE_PORTION)
              t.equal(answer?.status, 502, 'whole: nobody is left without a word');
          }
          client.socket.destroy();
        }
      });
    }
  },
);

/** Has an upstream answer a GET with these pieces, and returns the client that waits for the answer. */
async function player(t: Test): Promise<(t: Test, pieces: Iterable<string>, thenFin: boolean) => Promise<RawPeer>> {
  let next: { pieces: Iterable<string>; thenFin: boolean } = { pieces: [], thenFin: false };
  const upstream = await rawUpstream(t, async (peer) => {
    const { pieces, thenFin } = next;
    await peer.readRequest();
    await peer.sendEach(pieces);
    if (thenFin) peer.socket.end();
  });
  const { port } = await planeTo(t, [upstream.port], { limits: { idleUpstreamConnections: 0 } });
  return async (t, pieces, thenFin) => {
    next = { pieces, thenFin };
    const client = await rawClient(t, port);
    client.send(GET);
    return client;
  };
}
