import t from 'tap';
import type { RawPeer } from '../lib/raw-peer.ts';
import { GET, scene, turns } from './scene.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';

const ENDS: Readonly<Record<string, (peer: RawPeer) => void>> = {
  FIN: (peer) => void peer.socket.end(),
  RST: (peer) => peer.reset(),
};

for (const [how, end] of Object.entries(ENDS)) {
  t.test(`${how} before any byte of the answer: 502, and a GET is asked once more`, async (t) => {
    for (const [request, attempts] of [
      [GET, 2],
      [POST, 1],
    ] as const) {
      const under = await scene(t, async (peer) => {
        await peer.readRequest();
        end(peer);
      });
      const client = await under.client();
      client.send(request);
      const answer = await client.readResponse();
      t.equal(answer.status, 502);
      t.equal(answer.body.toString(), 'reset\n');
      t.equal(under.upstream.peers.length, attempts);
      const retries = attempts === 2 ? { reset: 1 } : {};
      await under.leaves({ statuses: { 502: 1 }, failures: { reset: attempts }, retries, reasons: ['reset'] });
    }
  });

  for (const part of ['H', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nConte', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r']) {
    t.test(`${how} inside the head of the answer, after ${JSON.stringify(part.slice(-5))}: 502`, async (t) => {
      const under = await scene(t, async (peer) => {
        await peer.readRequest();
        peer.send(part);
        await turns(5);
        end(peer);
      });
      const client = await under.client();
      client.send(GET);
      const answer = await client.readResponse();
      t.equal(answer.status, 502);
      t.equal(answer.body.toString(), 'truncated\n');
      t.equal(under.upstream.peers.length, 1, 'it is not asked again: it has begun to answer');
      await under.leaves({ statuses: { 502: 1 }, failures: { truncated: 1 }, reasons: ['truncated'] });
    });
  }

  t.test(`${how} after an interim answer: 502 behind it`, async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      peer.send('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
      await turns(5);
      end(peer);
    });
    const client = await under.client();
    client.send(GET);
    t.equal((await client.readResponse()).status, 103);
    t.equal((await client.readResponse()).status, 502);
    await under.leaves({ statuses: { 502: 1 }, failures: { truncated: 1 }, reasons: ['truncated'] });
  });
}
