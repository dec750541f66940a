import t from 'tap';
import { GET, scene, turns } from './scene.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n';

t.test('a slow head: 408 when its time is over, however regularly it drips', async (t) => {
  const under = await scene(t, () => {});
  const client = await under.client();
  for (const byte of 'GET / HTT') {
    client.send(byte);
    await turns(5);
    under.plane.pass(1_000);
  }
  under.plane.pass(900);
  t.equal(client.unread.length, 0);
  under.plane.pass(200);
  const answer = await client.readResponse();
  t.equal(answer.status, 408);
  t.equal(answer.body.toString(), 'request_timeout\n');
  t.equal(await client.ending(), 'end');
  t.equal(under.upstream.peers.length, 0, 'no upstream has seen anything of it');
  await under.leaves({ unrouted: { 408: 1 }, reasons: ['request_timeout'] });
});

t.test('a slow head behind an answered request: 408, and the time begins with its first byte', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 204 No Content\r\n\r\n');
  });
  const client = await under.client();
  client.send(GET);
  await client.readResponse();
  under.plane.pass(70_000);
  client.send('GET / HTTP/1.1\r\n');
  await turns(5);
  under.plane.pass(9_900);
  t.equal(client.unread.length, 0);
  under.plane.pass(200);
  t.equal((await client.readResponse()).status, 408);
  await under.leaves({ statuses: { 204: 1 }, unrouted: { 408: 1 }, reasons: ['', 'request_timeout'] });
});

t.test('a connection that never sends a byte is closed without an answer', async (t) => {
  const under = await scene(t, () => {});
  const client = await under.client();
  await under.plane.until(() => under.plane.connections() === 1, 'the connection');
  under.plane.pass(9_900);
  t.equal(under.plane.connections(), 1);
  under.plane.pass(200);
  t.equal(await client.ending(), 'end');
  t.equal(client.unread.length, 0);
  await under.leaves({ reasons: [] });
});

t.test('a slow body goes on as long as it drips: each byte counts', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 204 No Content\r\n\r\n');
  });
  const client = await under.client();
  client.send(POST);
  await under.peer();
  for (let second = 0; second < 100; second += 1) {
    client.send('x');
    await turns(3);
    under.plane.pass(1_000);
  }
  t.equal((await client.readResponse()).status, 204);
  await under.leaves({ statuses: { 204: 1 }, reasons: [''] });
});

t.test('a slow body that stops coming: 408, and the upstream is not to blame', async (t) => {
  const under = await scene(t, async (peer) => void (await peer.readThrough('half')));
  const client = await under.client();
  client.send(`${POST}half`);
  const peer = await under.peer();
  await turns(10);
  under.plane.pass(29_000);
  client.send('more');
  await turns(5);
  under.plane.pass(29_000);
  t.equal(client.unread.length, 0);
  under.plane.pass(2_000);
  const answer = await client.readResponse();
  t.equal(answer.status, 408);
  t.equal(answer.body.toString(), 'request_timeout\n');
  await peer.until(() => peer.ended, 'the end of the upstream exchange');
  await under.leaves({ statuses: { 408: 1 }, reasons: ['request_timeout'] });
});
