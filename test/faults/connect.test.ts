import t from 'tap';
import { deadPort, rawUpstream } from '../lib/upstreams.ts';
import { blackHole } from './black-hole.ts';
import { GET, OK, scene, sceneTo } from './scene.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

t.test('refused: 502, and the client connection goes on', async (t) => {
  const none = await rawUpstream(t, () => {});
  const under = await sceneTo(t, none, [await deadPort()]);
  const client = await under.client();
  for (const request of [POST, GET]) {
    client.send(request);
    const answer = await client.readResponse();
    t.equal(answer.status, 502);
    t.equal(answer.body.toString(), 'connect_refused\n');
  }
  // There is nowhere else to go, so nothing is tried again.
  const reasons = ['connect_refused', 'connect_refused'];
  await under.leaves({ statuses: { 502: 2 }, failures: { connect_refused: 2 }, reasons });
});

t.test('a host name that does not resolve: 502', async (t) => {
  const under = await scene(t, () => {});
  under.plane.plane.applyEndpoints({ 'static/test/only': [{ host: 'nowhere.invalid', port: 80 }] });
  const client = await under.client();
  client.send(GET);
  const answer = await client.readResponse();
  t.equal(answer.status, 502);
  t.equal(answer.body.toString(), 'connect_error\n');
  await under.leaves({ statuses: { 502: 1 }, failures: { connect_error: 1 }, reasons: ['connect_error'] });
});

t.test('a black hole at connect: 504 after the time for connecting, not before', async (t) => {
  const hole = await blackHole(t);
  const none = await rawUpstream(t, () => {});
  const under = await sceneTo(t, none, [hole], { timeouts: { connect: 3_000 } });
  const client = await under.client();
  client.send(POST);
  await under.plane.until(() => under.plane.inFlight() === 1, 'the request');
  under.plane.pass(2_900);
  t.equal(under.plane.inFlight(), 1);
  under.plane.pass(200);
  const answer = await client.readResponse();
  t.equal(answer.status, 504);
  t.equal(answer.body.toString(), 'connect_timeout\n');
  await under.leaves({ statuses: { 504: 1 }, failures: { connect_timeout: 1 }, reasons: ['connect_timeout'] });
});

t.test('a black hole at connect: any request is tried once more, at another endpoint', async (t) => {
  const hole = await blackHole(t);
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      const { body } = await peer.readRequest();
      t.equal(body.toString(), 'hello');
      peer.send(OK);
    }
  });
  const under = await sceneTo(t, upstream, [hole]);
  const client = await under.client();
  client.send(POST);
  await under.plane.until(() => under.plane.inFlight() === 1, 'the request');
  const endpoints = [hole, upstream.port].map((port) => ({ host: '127.0.0.1', port }));
  under.plane.plane.applyEndpoints({ 'static/test/only': endpoints });
  under.plane.pass(5_100);
  t.equal((await client.readResponse()).status, 200);
  const counted = { failures: { connect_timeout: 1 }, retries: { connect: 1 } };
  await under.leaves({ statuses: { 200: 1 }, ...counted, reasons: [''] });
});
