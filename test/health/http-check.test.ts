import t from 'tap';
import { httpCheck } from '../../src/health/http-check.ts';
import type { HealthCheck, UpstreamTls } from '../../src/routing/table.ts';
import { pem } from '../lib/certificates.ts';
import { httpsUpstream } from '../lib/tls-upstreams.ts';
import { deadPort, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const CHECK: HealthCheck = {
  path: '/healthz?deep=1',
  interval: 10_000,
  timeout: 2_000,
  healthy: 2,
  unhealthy: 3,
  statuses: [200, 399],
  host: null,
};
const NEVER = new AbortController().signal;

function ask(port: number, change: Partial<HealthCheck> = {}, stop = NEVER): Promise<string | null> {
  return httpCheck({ host: '127.0.0.1', port }, { ...CHECK, ...change }, null, stop);
}

t.test('a check is one GET with the path and the host that were written, on a connection of its own', async (t) => {
  const upstream = await strictUpstream(t);
  t.equal(await ask(upstream.port), null);
  t.equal(await ask(upstream.port, { host: 'api.example.com' }), null);
  const [first, second] = upstream.seen;
  t.match(first, { method: 'GET', target: '/healthz?deep=1', connection: 0 });
  const fields = Object.fromEntries(first?.fields ?? []);
  t.match(fields, { host: `127.0.0.1:${upstream.port}`, 'user-agent': 'headgate-health-check', connection: 'close' });
  t.match(second, { connection: 1 });
  t.equal(Object.fromEntries(second?.fields ?? [])['host'], 'api.example.com');
});

t.test('the statuses that were written are good, and both ends are among them', async (t) => {
  let status = 200;
  const upstream = await strictUpstream(t, (response) => void response.writeHead(status).end('body'));
  for (const [answer, expected] of [
    [200, null],
    [302, null],
    [399, null],
    [400, 'status 400'],
    [503, 'status 503'],
  ] as const) {
    status = answer;
    t.equal(await ask(upstream.port), expected);
  }
  status = 404;
  t.equal(await ask(upstream.port, { statuses: [404, 404] }), null);
});

t.test('the reason tells a late answer, a refused connection and what is no answer apart', async (t) => {
  const silent = await rawUpstream(t, () => undefined);
  t.equal(await ask(silent.port, { timeout: 50 }), 'no answer within 50ms');
  t.equal(await ask(await deadPort()), 'ECONNREFUSED');
  const closing = await rawUpstream(t, (peer) => void peer.socket.end());
  t.equal(await ask(closing.port), 'UND_ERR_SOCKET');
  const other = await rawUpstream(t, (peer) => peer.send('SSH-2.0-OpenSSH\r\n\r\n'));
  t.match(await ask(other.port), /Expected HTTP/);
});

t.test('a host that can stand in no URL is a failed check, and not the end of the process', async (t) => {
  t.equal(await httpCheck({ host: 'node.1', port: 80 }, CHECK, null, NEVER), 'ERR_INVALID_URL');
});

t.test('a body that never ends is not waited for, and leaves no connection', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
  });
  t.equal(await ask(upstream.port), null);
  const [peer] = upstream.peers;
  const over = () => peer === undefined || peer.ended || peer.closed;
  await peer?.until(over, 'the end of the connection').catch(() => undefined);
  t.ok(peer !== undefined && over());
});

t.test('a check that is stopped ends at once', async (t) => {
  const silent = await rawUpstream(t, () => undefined);
  const stop = new AbortController();
  const asked = ask(silent.port, { timeout: 60_000 }, stop.signal);
  stop.abort();
  t.type(await asked, 'string');
});

t.test(
  'a check goes as requests go: with TLS, and to the certificate of the server name, not of the host',
  async (t) => {
    const port = await httpsUpstream(t);
    const secure = (tls: UpstreamTls, change: Partial<HealthCheck> = {}) =>
      httpCheck({ host: '127.0.0.1', port }, { ...CHECK, ...change }, tls, NEVER);
    const ca = pem('ca.crt');
    const tls = { ca, serverName: 'app.example.com', verify: true };
    t.equal(await secure(tls), null);
    t.equal(await secure(tls, { host: 'another.example' }), null);
    t.equal(await secure({ ...tls, serverName: 'api.internal' }), 'ERR_TLS_CERT_ALTNAME_INVALID');
    t.equal(await secure({ ...tls, ca: null, verify: false, serverName: null }), null);
    t.equal(await secure({ ...tls, ca: null }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    t.type(await ask(port), 'string', 'without TLS it is no answer');
  },
);
