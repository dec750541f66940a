import t from 'tap';
import type { RawPeer } from '../lib/raw-peer.ts';
import { scene, turns } from './scene.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** What there is of an answer, and the content of it that the client gets to see. */
const BROKEN: Readonly<Record<string, readonly [answer: string, content: string]>> = {
  'after the head, by Content-Length': ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', ''],
  'inside a Content-Length body': ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', 'half'],
  'one byte before the end of a Content-Length body': ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf', 'half'],
  'after the head, in chunks': [CHUNKED, ''],
  'inside a chunk size': [`${CHUNKED}4\r\nhalf\r\n1`, 'half'],
  'inside a chunk': [`${CHUNKED}64\r\nhalf`, 'half'],
  'between chunks': [`${CHUNKED}4\r\nhalf\r\n`, 'half'],
  'inside the last chunk': [`${CHUNKED}4\r\nhalf\r\n0\r\n`, 'half'],
  'inside the trailers': [`${CHUNKED}4\r\nhalf\r\n0\r\nX-Sum: 1\r\n`, 'half'],
};

const CLIENTS: Readonly<Record<string, string>> = {
  'keep-alive': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  close: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
};

const ENDS: Readonly<Record<string, (peer: RawPeer) => void>> = {
  FIN: (peer) => void peer.socket.end(),
  RST: (peer) => peer.reset(),
};

t.test('an answer that breaks off never ends cleanly', async (t) => {
  for (const [where, [answer, content]] of Object.entries(BROKEN)) {
    for (const [how, end] of Object.entries(ENDS)) {
      await t.test(`${how} ${where}`, async (t) => {
        const under = await scene(t, async (peer) => {
          await peer.readRequest();
          peer.send(answer);
          await turns(5);
          end(peer);
        });
        for (const [kind, request] of Object.entries(CLIENTS)) {
          const client = await under.client();
          client.send(request);
          t.match(await client.readThrough('\r\n\r\n'), /^HTTP\/1.1 200 OK\r\n/, `${kind}: the head is passed on`);
          if (content !== '') await client.readThrough(content);
          t.equal(await client.ending(), 'reset', `${kind}: and the connection is reset`);
          t.notMatch(client.text(), '0\r\n\r\n', `${kind}: no end of a chunked body`);
        }
        const reasons = Array(3).fill('truncated');
        await under.leaves({ statuses: { 200: 3 }, failures: { truncated: 3 }, reasons });
      });
    }
  }
});

t.test('an answer that ends with the connection is complete with FIN and cut with RST', async (t) => {
  for (const [how, end] of Object.entries(ENDS)) {
    await t.test(how, async (t) => {
      const under = await scene(t, async (peer) => {
        await peer.readRequest();
        peer.send('HTTP/1.1 200 OK\r\n\r\nhalf');
        await turns(5);
        end(peer);
      });
      for (const [kind, request] of Object.entries(CLIENTS)) {
        const client = await under.client();
        client.send(request);
        await client.readThrough('half');
        if (how === 'RST') t.equal(await client.ending(), 'reset', kind);
        else if (kind === 'HTTP/1.0') t.equal(await client.ending(), 'end', kind);
        else t.equal(await client.readThrough('0\r\n\r\n'), '\r\n0\r\n\r\n', kind);
      }
      const cut = how === 'RST';
      const reasons = Array(3).fill(cut ? 'truncated' : '');
      await under.leaves({ statuses: { 200: 3 }, failures: cut ? { truncated: 3 } : {}, reasons });
    });
  }
});

t.test('a reset right behind the whole answer does no harm to it', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfull');
    peer.reset();
  });
  for (const [kind, request] of Object.entries(CLIENTS)) {
    const client = await under.client();
    client.send(request);
    t.equal((await client.readResponse()).body.toString(), 'full', kind);
  }
  await under.leaves({ statuses: { 200: 3 }, reasons: ['', '', ''] });
});
