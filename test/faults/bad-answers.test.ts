import t from 'tap';
import { GET, scene, turns } from './scene.ts';

function ok(fields: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
}

/** Each is answered with 502, whatever it says; `secret` stands where something of it could leak. */
const BAD: Readonly<Record<string, string>> = {
  'a head too large': ok(`X-Secret: ${'s'.repeat(16_400)}\r\n`),
  'a head with too many fields': ok('X-Secret: inside\r\n'.repeat(101)),
  'a head that never ends': `HTTP/1.1 200 OK\r\nX-Secret: ${'s'.repeat(20_000)}`,
  'a space before the colon': ok('Secret : inside\r\nContent-Length: 0\r\n'),
  'Content-Length with Transfer-Encoding': ok(
    'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n',
    '6\r\nsecret\r\n0\r\n\r\n',
  ),
  'Transfer-Encoding with Content-Length behind it': ok(
    'Transfer-Encoding: chunked\r\nContent-Length: 6\r\n',
    '6\r\nsecret\r\n0\r\n\r\n',
  ),
  'duplicate Content-Length, differing': ok('Content-Length: 6\r\nContent-Length: 60\r\n', 'secret'),
  'duplicate Content-Length, identical': ok('Content-Length: 6\r\nContent-Length: 6\r\n', 'secret'),
  'obs-fold in a value': ok('X-Secret: inside\r\n and more\r\nContent-Length: 0\r\n'),
  'obs-fold before the first field': ok(' X-Secret: inside\r\nContent-Length: 0\r\n'),
  'a 101 nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'a 101 nobody asked for, with all its fields':
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Secret: inside\r\n\r\nsecret',
  'no HTTP at all': 'SSH-2.0-secret\r\n',
};

for (const [what, answer] of Object.entries(BAD)) {
  t.test(`${what}: 502, nothing of it reaches the client, and the upstream connection ends`, async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      peer.send(answer);
    });
    const client = await under.client();
    for (let i = 0; i < 2; i += 1) {
      client.send(GET);
      const response = await client.readResponse();
      t.equal(response.status, 502);
      t.equal(response.body.toString(), 'bad_response\n');
      t.notMatch(response.head, /secret|inside|127\.0\.0\.1/i);
      const peer = await under.peer(i);
      await peer.until(() => peer.ended || peer.closed, 'the end of the upstream connection');
    }
    t.equal(client.unread.length, 0);
    t.equal(under.upstream.peers.length, 2, 'it is not asked again: it has answered');
    const reasons = ['bad_response', 'bad_response'];
    await under.leaves({ statuses: { 502: 2 }, failures: { bad_response: 2 }, reasons });
  });
}

t.test('a chunk that cannot be read cuts an answer that has begun', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(ok('Transfer-Encoding: chunked\r\n', '4\r\nhalf\r\n'));
    await turns(20);
    peer.send('-1\r\nsecret\r\n0\r\n\r\n');
  });
  const client = await under.client();
  client.send(GET);
  t.match(await client.readThrough('half\r\n'), /^HTTP\/1.1 200 OK/);
  t.equal(await client.ending(), 'reset');
  t.notMatch(client.text(), /secret/);
  await under.leaves({ statuses: { 200: 1 }, failures: { bad_response: 1 }, reasons: ['bad_response'] });
});
