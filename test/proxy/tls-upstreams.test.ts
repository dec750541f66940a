import t, { type Test } from 'tap';
import type { UpstreamTls } from '../../src/routing/table.ts';
import { pem } from '../lib/certificates.ts';
import { planeTo, testPlane, withTls } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import { httpsUpstream, tlsUpstream } from '../lib/tls-upstreams.ts';
import { deadPort, rawUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function trusting(change: Partial<UpstreamTls> = {}): UpstreamTls {
  return { ca: pem('ca.crt'), serverName: 'localhost', verify: true, ...change };
}

async function answerOf(t: Test, port: number, upstreamTls: UpstreamTls) {
  const plane = await planeTo(t, [port], { upstreamTls });
  const client = await rawClient(t, plane.port);
  client.send(GET);
  const { status, body } = await client.readResponse();
  return { plane, status, body: body.toString() };
}

t.test('a request goes to an upstream under TLS, with the name of its certificate', async (t) => {
  const { status, body } = await answerOf(t, await httpsUpstream(t), trusting());
  t.equal(status, 200);
  t.equal(body, 'GET / localhost');
});

t.test('without a server name an address must be in the certificate, and no name is asked for', async (t) => {
  const { body } = await answerOf(t, await httpsUpstream(t), trusting({ serverName: null }));
  t.equal(body, 'GET / false', '127.0.0.1 is');
  const { plane, status } = await answerOf(t, await httpsUpstream(t, 'internal'), trusting({ serverName: null }));
  t.equal(status, 502);
  t.same(plane.failures('only'), { tls_error: 1 });
});

t.test('a certificate for another name, of another authority, or expired, is refused', async (t) => {
  const port = await httpsUpstream(t, 'internal');
  t.equal((await answerOf(t, port, trusting({ serverName: 'api.internal' }))).status, 200);
  t.equal((await answerOf(t, port, trusting())).body, 'tls_error\n', 'another name');
  t.equal(
    (await answerOf(t, port, trusting({ ca: null, serverName: 'api.internal' }))).body,
    'tls_error\n',
    'another authority',
  );
  t.equal((await answerOf(t, await httpsUpstream(t, 'expired'), trusting())).body, 'tls_error\n');
  t.equal((await answerOf(t, port, trusting({ ca: null, verify: false }))).status, 200, 'verify: false takes any');
});

t.test('an upstream that is not who it should be sees nothing of the request', async (t) => {
  const received: Buffer[] = [];
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const upstream = await tlsUpstream(
      t,
      (peer) => void peer.socket.on('data', (chunk: Buffer) => received.push(chunk)),
      {
        certificate: 'other',
        maxVersion,
      },
    );
    t.equal((await answerOf(t, upstream.port, trusting())).body, 'tls_error\n');
    t.equal(upstream.connections, 1);
  }
  t.equal(Buffer.concat(received).toString('latin1'), '');
});

t.test('an upstream without TLS is a tls_error, one that does not listen is not', async (t) => {
  const plain = await rawUpstream(t, async (peer) => {
    await peer.read(1);
    peer.send('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  t.equal((await answerOf(t, plain.port, trusting())).body, 'tls_error\n');
  t.equal((await answerOf(t, await deadPort(), trusting())).body, 'connect_refused\n');
});

t.test('a POST whose handshake failed is sent to another endpoint: nothing of it was sent', async (t) => {
  const good = await tlsUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      peer.send(OK);
    }
  });
  const bad = await tlsUpstream(t, () => undefined, { certificate: 'other' });
  const plane = await planeTo(t, [good.port, bad.port], { upstreamTls: trusting() });
  for (let i = 0; i < 8; i += 1) {
    const client = await rawClient(t, plane.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody');
    t.equal((await client.readResponse()).status, 200);
    client.socket.destroy();
    if (bad.connections > 0) break;
  }
  t.equal(plane.failures('only')['tls_error'], 1);
  t.same(plane.retries('only'), { connect: 1 });
});

t.test('a handshake that does not end is a connect timeout', async (t) => {
  const silent = await rawUpstream(t, async (peer) => void (await peer.read(1)));
  const plane = await planeTo(t, [silent.port], { upstreamTls: trusting() });
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await plane.until(() => silent.peers[0]?.unread.length !== 0 && silent.peers.length === 1, 'the handshake to begin');
  plane.pass(6_000);
  t.equal((await client.readResponse()).status, 504);
  t.same(plane.failures('only'), { connect_timeout: 1 });
});

t.test('a connection is reused, session tickets of TLS 1.3 are not bytes that nobody asked for', async (t) => {
  const upstream = await tlsUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      peer.send(OK);
    }
  });
  const plane = await planeTo(t, [upstream.port], { upstreamTls: trusting() });
  const client = await rawClient(t, plane.port);
  for (let i = 0; i < 3; i += 1) {
    client.send(GET);
    await client.readResponse();
    const [pool] = plane.plane.upstreams.of('static/test/only').endpoints;
    await plane.until(() => pool?.idleCount === 1, 'the connection to be idle');
  }
  t.equal(upstream.connections, 1);
  t.equal(upstream.sockets[0]?.getProtocol(), 'TLSv1.3');
});

t.test('a second connection takes up the session of the first', async (t) => {
  const upstream = await tlsUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  });
  const plane = await planeTo(t, [upstream.port], { upstreamTls: trusting() });
  const client = await rawClient(t, plane.port);
  for (let i = 0; i < 2; i += 1) {
    client.send(GET);
    t.equal((await client.readResponse()).status, 200);
  }
  t.same(
    upstream.sockets.map((socket) => socket.isSessionReused()),
    [false, true],
  );
});

t.test('bytes on an idle connection end it, and never become the next answer', async (t) => {
  const upstream = await tlsUpstream(t, async (peer, index) => {
    await peer.readRequest();
    peer.send(index === 0 ? OK : OK.replace('ok', 'OK'));
  });
  const plane = await planeTo(t, [upstream.port], { upstreamTls: trusting() });
  const client = await rawClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  upstream.peers[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
  await upstream.peers[0]?.ending();
  client.send(GET);
  t.equal((await client.readResponse()).body.toString(), 'OK');
});

t.test('a second record behind an answer is no answer to a request that waits for the connection', async (t) => {
  const upstream = await tlsUpstream(t, async (peer, index) => {
    await peer.readRequest();
    if (index > 0) return peer.send(OK.replace('ok', 'OK'));
    // Two records in one segment: the proxy reads them in one turn, one after the other.
    peer.socket.cork();
    peer.send(OK);
    peer.socket.uncork();
    peer.socket.cork();
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
    peer.socket.uncork();
  });
  const plane = await planeTo(t, [upstream.port], { upstreamTls: trusting() });
  const client = await rawClient(t, plane.port);
  client.send(GET + GET);
  t.equal((await client.readResponse()).body.toString(), 'ok');
  t.equal((await client.readResponse()).body.toString(), 'OK');
  t.equal(upstream.connections, 2);
});

t.test('a table with other authorities ends idle connections, one that says the same ends none', async (t) => {
  const upstream = await tlsUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      peer.send(OK);
    }
  });
  const plane = await testPlane(t, { versions: { only: { ports: [upstream.port] } }, upstreamTls: trusting() });
  const { table, endpoints } = staticTable({ only: { ports: [upstream.port] } });
  const client = await rawClient(t, plane.port);
  const ask = async () => {
    client.send(GET);
    t.equal((await client.readResponse()).status, 200);
  };
  await ask();
  plane.apply(withTls(table, trusting()), endpoints);
  await ask();
  t.equal(upstream.connections, 1);
  plane.apply(withTls(table, trusting({ verify: false })), endpoints);
  await ask();
  t.equal(upstream.connections, 2);
});
