import t from 'tap';
import { GET, OK, scene, turns } from './scene.ts';

const MEGABYTES = 64 << 20;
const SECOND = 1_000;

t.test('an upstream that never answers: 504, and the client connection goes on', async (t) => {
  const under = await scene(t, async (peer, index) => {
    await peer.readRequest();
    if (index > 0) peer.send(OK);
  });
  const client = await under.client();
  client.send(GET);
  await under.peer();
  await turns(5);
  under.plane.pass(59_900);
  t.equal(client.unread.length, 0);
  under.plane.pass(200);
  const answer = await client.readResponse();
  t.equal(answer.status, 504);
  t.equal(answer.body.toString(), 'response_timeout\n');
  const peer = await under.peer();
  await peer.until(() => peer.ended, 'the end of the upstream exchange');
  client.send(GET);
  t.equal((await client.readResponse()).status, 200);
  const failures = { response_timeout: 1 };
  await under.leaves({ statuses: { 200: 1, 504: 1 }, failures, reasons: ['', 'response_timeout'] });
});

t.test('an upstream that stalls inside its head: 504', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nConte');
  });
  const client = await under.client();
  client.send(GET);
  await under.peer();
  await turns(10);
  under.plane.pass(60_100);
  t.equal((await client.readResponse()).body.toString(), 'response_timeout\n');
  await under.leaves({ statuses: { 504: 1 }, failures: { response_timeout: 1 }, reasons: ['response_timeout'] });
});

t.test('an upstream that stalls behind an interim answer: 504', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 103 Early Hints\r\n\r\n');
  });
  const client = await under.client();
  client.send(GET);
  t.equal((await client.readResponse()).status, 103);
  under.plane.pass(60_100);
  t.equal((await client.readResponse()).status, 504);
  await under.leaves({ statuses: { 504: 1 }, failures: { response_timeout: 1 }, reasons: ['response_timeout'] });
});

for (const [where, answer] of Object.entries({
  'right behind its head': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n',
  'inside a Content-Length body': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
  'inside a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf',
  'inside a body that ends with the connection': 'HTTP/1.1 200 OK\r\n\r\nhalf',
})) {
  t.test(`an upstream that stalls ${where}: the answer is cut`, async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      peer.send(answer);
    });
    const client = await under.client();
    client.send(GET);
    await client.readThrough(answer.endsWith('half') ? 'half' : '\r\n\r\n');
    under.plane.pass(29_900);
    await turns(5);
    t.notOk(client.closed);
    under.plane.pass(200);
    t.equal(await client.ending(), 'reset');
    await under.leaves({ statuses: { 200: 1 }, failures: { idle_timeout: 1 }, reasons: ['idle_timeout'] });
  });
}

t.test('an upstream that stops reading the request: 504', async (t) => {
  const under = await scene(t, (peer) => void peer.socket.removeAllListeners('data').pause());
  const client = await under.client();
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${MEGABYTES}\r\n\r\n`);
  client.send(Buffer.alloc(MEGABYTES));
  await under.peer();
  const [connection] = under.plane.plane.connections;
  let before = -1;
  while (before !== connection?.socket.bytesRead) {
    before = connection?.socket.bytesRead ?? -1;
    await turns(200);
  }
  under.plane.pass(30_100);
  const answer = await client.readResponse();
  t.equal(answer.status, 504);
  t.equal(answer.body.toString(), 'idle_timeout\n');
  client.socket.destroy();
  under.plane.pass(2_100);
  await under.leaves({ statuses: { 504: 1 }, failures: { idle_timeout: 1 }, reasons: ['idle_timeout'] });
});

t.test('an answer whose head drips at one byte a second is late all the same: 504', async (t) => {
  const under = await scene(t, async (peer) => void (await peer.readRequest()));
  const client = await under.client();
  client.send(GET);
  const peer = await under.peer();
  await turns(5);
  for (let second = 0; second < 59; second += 1) {
    peer.send('HTTP/1.1 200 OK\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'[second] ?? '');
    await turns(3);
    under.plane.pass(SECOND);
  }
  t.equal(client.unread.length, 0);
  under.plane.pass(1_100);
  t.equal((await client.readResponse()).body.toString(), 'response_timeout\n');
  await under.leaves({ statuses: { 504: 1 }, failures: { response_timeout: 1 }, reasons: ['response_timeout'] });
});

for (const [how, head, piece, end] of [
  ['by Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 120\r\n\r\n', 'x', ''],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n', '0\r\n\r\n'],
] as const) {
  t.test(`an answer whose body drips at one byte a second, ${how}, goes on as long as it drips`, async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      peer.send(head);
    });
    const client = await under.client();
    client.send(GET);
    const peer = await under.peer();
    await client.until(() => client.unread.length > 0, 'the head');
    const response = client.readResponse();
    for (let second = 0; second < 120; second += 1) {
      peer.send(piece);
      await turns(3);
      under.plane.pass(SECOND);
    }
    peer.send(end);
    t.equal((await response).body.toString(), 'x'.repeat(120));
    await under.leaves({ statuses: { 200: 1 }, reasons: [''] });
  });
}
