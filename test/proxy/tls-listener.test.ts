import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import type { ListenerTls } from '../../src/proxy/listener-tls.ts';
import { listenerTls, pem } from '../lib/certificates.ts';
import { planeTo, testPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { turn } from '../lib/raw-peer.ts';
import { tlsClient, tlsSocket } from '../lib/tls-client.ts';
import { strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n';

function secured(t: Test, port: number, tls: ListenerTls = listenerTls(['server'])) {
  return planeTo(t, [port], { tls });
}

/** The code of the error that the handshake ends with; empty: it ends well. */
async function handshake(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('secureConnect', () => resolve(''));
  });
}

async function nameOf(t: Test, port: number, servername: string): Promise<string> {
  const socket = tlsSocket(t, port, { servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return String(socket.getPeerCertificate().subject.CN);
}

t.test('a request over TLS is served, and the upstream is told https', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await secured(t, upstream.port);
  const client = await tlsClient(t, plane.port);
  client.send(GET);
  t.equal((await client.readResponse()).status, 200);
  const fields = new Map(upstream.seen[0]?.fields);
  t.equal(fields.get('x-forwarded-proto'), 'https');
  t.equal(fields.get('x-forwarded-for'), '127.0.0.1');
});

t.test('a trusted proxy that came by TLS is a hop with proto=https', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await testPlane(t, {
    versions: { only: { ports: [upstream.port] } },
    tls: listenerTls(['server']),
    trusted: ['127.0.0.1'],
  });
  const client = await tlsClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=10.0.0.1;proto=http\r\nX-Forwarded-Proto: http\r\n\r\n');
  await client.readResponse();
  client.send(GET);
  await client.readResponse();
  const [first, second] = upstream.seen.map(({ fields }) => new Map(fields));
  t.equal(first?.get('forwarded'), 'for=10.0.0.1;proto=http, for=127.0.0.1;proto=https');
  t.equal(first?.get('x-forwarded-proto'), 'http', 'what it says of the first hop is kept');
  t.equal(second?.get('x-forwarded-proto'), 'https');
});

t.test('node:https keeps its connection for several requests', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await secured(t, upstream.port);
  const client = await tlsClient(t, plane.port);
  for (let i = 0; i < 3; i += 1) {
    client.send(GET);
    t.equal((await client.readResponse()).status, 200);
  }
  const call = request({
    host: '127.0.0.1',
    port: plane.port,
    servername: 'localhost',
    ca: pem('ca.crt'),
    agent: false,
  });
  call.end('body');
  const [response] = await once(call, 'response');
  t.equal(response.statusCode, 200);
  response.resume();
  await once(response, 'end');
  t.equal(upstream.seen.length, 4);
});

t.test('the name that a client asks for chooses the certificate, a wildcard stands for one label', async (t) => {
  const plane = await secured(t, 1, listenerTls(['server', 'other']));
  t.equal(await nameOf(t, plane.port, 'app.example.com'), 'server');
  t.equal(await nameOf(t, plane.port, 'OTHER.example.org'), 'other', 'in any case');
  t.equal(await nameOf(t, plane.port, 'a.wild.example.org'), 'other');
  t.equal(await nameOf(t, plane.port, 'a.b.wild.example.org'), 'server', 'two labels are not one');
  t.equal(await nameOf(t, plane.port, 'nobody.example'), 'server', 'the first is the default');
  t.equal(await nameOf(t, plane.port, ''), 'server', 'also without a name');
});

t.test('TLS 1.2 is the least, and 1.3 where the configuration says so', async (t) => {
  const plane = await secured(t, 1);
  // Security level 0: else the client itself would refuse to speak TLS 1.1.
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  t.equal(await handshake(tlsSocket(t, plane.port, old)), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  t.equal(await handshake(tlsSocket(t, plane.port, { maxVersion: 'TLSv1.2' })), '');
  const strict = await secured(t, 1, listenerTls(['server'], { minVersion: 'TLSv1.3' }));
  t.equal(
    await handshake(tlsSocket(t, strict.port, { maxVersion: 'TLSv1.2' })),
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  );
  t.equal(await handshake(tlsSocket(t, strict.port)), '');
});

t.test('a client that speaks only h2 is told so at once: no_application_protocol', async (t) => {
  const plane = await secured(t, 1);
  t.match(await handshake(tlsSocket(t, plane.port, { ALPNProtocols: ['h2'] })), /NO_APPLICATION_PROTOCOL/);
  const both = tlsSocket(t, plane.port, { ALPNProtocols: ['h2', 'http/1.1'] });
  t.equal(await handshake(both), '');
  t.equal(both.alpnProtocol, 'http/1.1');
  await plane.until(() => plane.handshakeFailures() === 1, 'the failure to be counted');
});

t.test('a session that one worker began is resumed by another, as both have the same ticket keys', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const [one, two, stranger] = [
      await secured(t, 1, listenerTls(['server', 'other'])),
      await secured(t, 1, listenerTls(['server', 'other'])),
      await secured(t, 1, listenerTls(['server', 'other'], { ticketKeys: new Uint8Array(48).fill(8) })),
    ];
    const first = tlsSocket(t, one.port, { maxVersion });
    const [session] = await once(first, 'session');
    const second = tlsSocket(t, two.port, { maxVersion, session });
    t.equal(await handshake(second), '');
    t.equal(second.isSessionReused(), true, maxVersion);
    const third = tlsSocket(t, stranger.port, { maxVersion, session });
    t.equal(await handshake(third), '');
    t.equal(third.isSessionReused(), false, 'other keys: a full handshake, no error');
  }
});

t.test('new certificates are for new connections; those that stand go on', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await secured(t, upstream.port);
  const client = await tlsClient(t, plane.port);
  client.send(GET);
  await client.readResponse();
  plane.plane.renewCertificates([listenerTls(['other'])]);
  t.equal(await nameOf(t, plane.port, 'localhost'), 'other');
  client.send(GET);
  t.equal((await client.readResponse()).status, 200, 'on the connection from before');
});

t.test("a key that is not the certificate's changes nothing", async (t) => {
  const plane = await secured(t, 1);
  const broken = { certificate: pem('other.crt'), key: pem('server.key'), names: [] };
  t.throws(() => plane.plane.renewCertificates([listenerTls([], { certificates: [broken] })]), {
    code: /KEY_VALUES_MISMATCH/,
  });
  t.equal(await nameOf(t, plane.port, 'localhost'), 'server');
});

t.test('a client cannot renegotiate', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await secured(t, upstream.port);
  const socket = tlsSocket(t, plane.port, { maxVersion: 'TLSv1.2' });
  await once(socket, 'secureConnect');
  socket.renegotiate({}, () => undefined);
  const [error] = await once(socket, 'error');
  t.match(error.code, /NO_RENEGOTIATION/);
});

t.test(
  'a client that is silent in its handshake is cut after the time for a head, and counted once it has spoken',
  async (t) => {
    const plane = await secured(t, 1);
    const probe = await rawClient(t, plane.port);
    const slow = await rawClient(t, plane.port);
    // The first bytes of a ClientHello.
    slow.send(Buffer.from([0x16, 0x03, 0x01, 0x00, 0xc8, 0x01]));
    await plane.until(() => plane.connections() === 2, 'both to be accepted');
    // What has arrived is read in the next turn.
    for (let i = 0; i < 3; i += 1) await turn();
    plane.pass(9_000);
    t.equal(plane.connections(), 2);
    plane.pass(2_000);
    await probe.ending();
    await slow.ending();
    await plane.until(() => plane.connections() === 0, 'both to be forgotten');
    t.equal(plane.handshakeFailures(), 1, 'a probe of the port is no failure');
  },
);

t.test('garbage instead of a handshake ends the connection and is counted', async (t) => {
  const plane = await secured(t, 1);
  const client = await rawClient(t, plane.port);
  client.send('SSH-2.0-OpenSSH_9.2\r\n');
  await client.ending();
  await plane.until(() => plane.handshakeFailures() === 1, 'the failure to be counted');
  t.same(plane.statuses(null), {});
});

t.test('plain HTTP on a TLS port is answered 400 in plain text', async (t) => {
  const plane = await secured(t, 1);
  const client = await rawClient(t, plane.port);
  client.send(GET);
  const response = await client.readResponse();
  t.equal(response.status, 400);
  t.equal(response.body.toString(), 'plain_http\n');
  await client.ending();
  t.same(plane.statuses(null), { '400': 1 });
});

t.test('a handshake under way does not hold a drain up', async (t) => {
  const plane = await secured(t, 1);
  const client = await rawClient(t, plane.port);
  client.send(Buffer.from([0x16, 0x03, 0x01, 0x00, 0xc8, 0x01]));
  await plane.until(() => plane.connections() === 1, 'it to be accepted');
  const drained = plane.plane.drain();
  client.socket.end();
  await drained;
  t.equal(plane.connections(), 0);
});

t.test('without certificates there is no listener', async (t) => {
  await t.rejects(secured(t, 1, listenerTls([])), { name: 'RangeError' });
});

t.test('a client that trusts nobody here is counted as a failed handshake', async (t) => {
  const plane = await secured(t, 1);
  const socket = connect({ host: '127.0.0.1', port: plane.port, servername: 'localhost', maxVersion: 'TLSv1.2' });
  t.equal(await handshake(socket), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  await plane.until(() => plane.connections() === 0, 'the connection to end');
  t.ok(plane.handshakeFailures() <= 1, "Node's client finishes the handshake before it looks");
});
