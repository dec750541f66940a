import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { turn } from '../lib/raw-peer.ts';
import { rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

t.test('without connections a drain is over at once', async (t) => {
  const plane = await planeTo(t, []);
  await plane.plane.drain();
  t.equal(plane.connections(), 0);
});

t.test('new connections are refused', async (t) => {
  const plane = await planeTo(t, []);
  await plane.plane.drain();
  const socket = connect(plane.port, '127.0.0.1');
  const [error] = await once(socket, 'error').catch((reason: unknown) => [reason]);
  t.match(String(error), 'ECONNREFUSED');
});

t.test('an idle connection is closed', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  const drained = plane.plane.drain();
  t.equal(await client.ending(), 'end');
  client.socket.end();
  await drained;
});

t.test('an exchange in flight gets its answer, which says that it is the last', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => void (await peer.readRequest()));
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await plane.until(() => upstream.peers.length === 1, 'the upstream connection');
  const drained = plane.plane.drain();
  for (let i = 0; i < 20; i += 1) await turn();
  t.equal(plane.connections(), 1, 'the drain waits for it');
  upstream.peers[0]?.send(OK);
  const response = await client.readResponse();
  t.equal(response.body.toString(), 'ok');
  t.same(valuesOf(response, 'connection'), ['close']);
  t.equal(await client.ending(), 'end');
  client.socket.end();
  await drained;
});

t.test('a connection whose answer had begun as one that goes on is closed after it', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha');
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readThrough('ha');
  const drained = plane.plane.drain();
  upstream.peers[0]?.send('lf');
  await client.readThrough('lf');
  t.equal(await client.ending(), 'end', 'it does not lie idle for the keep-alive time');
  client.socket.end();
  await drained;
});

t.test('a request whose body is still on its way is answered', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1');
  await plane.until(() => upstream.begun === 1, 'the request');
  const drained = plane.plane.drain();
  client.send('1');
  t.equal((await client.readResponse()).body.toString(), '/1');
  t.equal(await client.ending(), 'end');
  client.socket.end();
  await drained;
});

t.test('a client whose head is half there may finish it', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\n');
  await plane.until(() => plane.connections() === 1, 'the connection');
  for (let i = 0; i < 5; i += 1) await turn();
  const drained = plane.plane.drain();
  client.send('Host: a\r\n\r\n');
  const response = await client.readResponse();
  t.equal(response.status, 200);
  t.same(valuesOf(response, 'connection'), ['close']);
  client.socket.end();
  await drained;
});

t.test('a worker that is about to go says so in its answers and serves on', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  plane.plane.draining = true;
  for (let i = 0; i < 2; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send(GET);
    t.same(valuesOf(await client.readResponse(), 'connection'), ['close']);
  }
});
