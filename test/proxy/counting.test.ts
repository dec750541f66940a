import t from 'tap';
import { planeTo, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { turn } from '../lib/raw-peer.ts';
import { deadPort, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

t.test('each request is counted once, with the status that the client got', async (t) => {
  const statuses = [200, 204, 301, 404, 500, 503, 599];
  let next = 0;
  const upstream = await strictUpstream(t, (response) => void response.writeHead(statuses[next++] ?? 200).end());
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  for (const status of statuses) {
    client.send(GET);
    t.equal((await client.readResponse()).status, status);
  }
  t.same(plane.statuses('only'), Object.fromEntries(statuses.map((status) => [status, 1])));
  t.same(plane.statuses(null), {});
});

t.test('an interim response is not counted', async (t) => {
  const upstream = await strictUpstream(t, (response) => {
    response.writeProcessing();
    response.end();
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readFinal();
  t.same(plane.statuses('only'), { 200: 1 });
});

t.test('a request that cannot be read counts for no version', async (t) => {
  const plane = await planeTo(t, []);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/9.9\r\n\r\n');
  t.equal((await client.readResponse()).status, 505);
  t.same(plane.statuses(null), { 505: 1 });
  t.same(plane.statuses('only'), {});
});

t.test('a request is in flight from its head to the end of its answer', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => void (await peer.readRequest()));
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  t.equal(plane.inFlight(), 0);
  client.send(GET);
  await plane.until(() => plane.inFlight() === 1, 'the request');
  await plane.until(() => upstream.peers.length === 1, 'the upstream connection');
  upstream.peers[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell');
  await client.readThrough('hell');
  t.equal(plane.inFlight(), 1);
  t.same(plane.statuses('only'), {}, 'it is not over');
  upstream.peers[0]?.send('o');
  await client.read(1);
  t.equal(plane.inFlight(), 0);
});

t.test('whatever becomes of requests and connections, none stays in flight and none stays open', async (t) => {
  const healthy = await strictUpstream(t, (response, { body }) => void response.end(body));
  const rude = await rawUpstream(t, async (peer, index) => {
    await peer.readThrough('\r\n\r\n');
    if (index % 4 === 0) peer.reset();
    else if (index % 4 === 1) peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    else if (index % 4 === 2) peer.send('garbage\r\n\r\n');
    await turn();
    peer.socket.end();
  });
  const plane = await testPlane(t, {
    versions: {
      healthy: { ports: [healthy.port], fallback: ['rude'] },
      rude: { ports: [rude.port], fallback: ['healthy'] },
      dead: { ports: [await deadPort()], fallback: ['rude', 'healthy'] },
    },
  });
  const versions = ['healthy', 'rude', 'dead'];
  let asked = 0;
  for (let i = 0; i < 200; i += 1) {
    const client = await rawClient(t, plane.port);
    const body = 'x'.repeat((i * 37) % 3_000);
    const bytes = `POST / HTTP/1.1\r\nHost: a\r\nX-To: ${versions[i % 3]}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const whole = i % 5 !== 0;
    client.send(whole ? bytes : bytes.slice(0, Math.max(bytes.indexOf('\r\n\r\n') + 4, bytes.length - 1)));
    asked += 1;
    for (let j = 0; j < i % 7; j += 1) await turn();
    if (i % 2 === 0) client.reset();
    else client.socket.end();
  }
  await plane.until(() => plane.connections() === 0, 'all connections to close');
  t.equal(plane.inFlight(), 0);
  let counted = 0;
  for (const version of [...versions, null]) {
    for (const count of Object.values(plane.statuses(version))) counted += count;
  }
  t.ok(counted <= asked && counted > asked / 2, `${counted} of ${asked} were read before their clients left`);
  for (const version of versions) {
    const [endpoint] = plane.plane.upstreams.of(`static/test/${version}`).endpoints;
    t.equal(endpoint?.active, 0, version);
  }
});
