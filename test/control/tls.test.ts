import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { Agent, request } from 'undici';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/load.ts';
import { type CertificateName, pem, pemPath } from '../lib/certificates.ts';
import { httpsUpstream } from '../lib/tls-upstreams.ts';
import { configText, startGateway } from './gateway.ts';

function config(port: number, name: CertificateName, more = ''): string {
  const pair = `{ certificate: ${pemPath(`${name}.crt`)}, key: ${pemPath(`${name}.key`)} }`;
  return configText(`listen: { address: 127.0.0.1, port: 0, tls: { certificates: [${pair}] } }
workers: 2
routes:
  - tls: { ca: ${pemPath('ca.crt')}, serverName: localhost }
    versions: { only: { weight: 1, endpoints: ["127.0.0.1:${port}"] } }
${more}`);
}

function agentFor(t: Test, servername: string): Agent {
  const agent = new Agent({ connect: { ca: pem('ca.crt'), servername } });
  t.teardown(() => agent.destroy());
  return agent;
}

async function get(port: number, dispatcher: Agent): Promise<string> {
  const { body } = await request(`https://127.0.0.1:${port}/path`, { dispatcher });
  return body.text();
}

async function handshake(t: Test, port: number, session?: Buffer): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: pem('ca.crt'),
    servername: 'localhost',
    ...(session && { session }),
  });
  t.teardown(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

t.test('undici is served over TLS from one end to the other', async (t) => {
  const gateway = await startGateway(t, config(await httpsUpstream(t), 'server'));
  t.equal(await get(gateway.port, agentFor(t, 'localhost')), 'GET /path localhost');
  const { body } = await gateway.admin('/api/table');
  t.same(JSON.parse(body).routes[0].tls, { serverName: 'localhost', verify: true });
  t.equal(
    await gateway.metric('headgate_tls_certificate_expiry_timestamp_seconds', { certificate: pemPath('server.crt') }),
    Date.parse('2120-01-01T00:00:00Z') / 1000,
  );
  t.notMatch(body, 'PRIVATE KEY');
});

t.test('a session is resumed whichever of the workers gets the connection', async (t) => {
  const gateway = await startGateway(t, config(1, 'server'));
  const first = connect({ host: '127.0.0.1', port: gateway.port, ca: pem('ca.crt'), servername: 'localhost' });
  const [session] = await once(first, 'session');
  first.destroy();
  // The kernel spreads connections over the workers by their ports.
  const sockets = await Promise.all(Array.from({ length: 24 }, () => handshake(t, gateway.port, session)));
  t.equal(sockets.filter((socket) => socket.isSessionReused()).length, 24);
});

t.test(
  'certificates are changed without a restart: a connection that stands goes on, the next one gets the new',
  async (t) => {
    const upstream = await httpsUpstream(t);
    const gateway = await startGateway(t, config(upstream, 'server'));
    const [before, after] = [agentFor(t, 'localhost'), agentFor(t, 'other.example.org')];
    await get(gateway.port, before);
    const stood = await handshake(t, gateway.port);
    gateway.headgate.reload(parseConfig(config(upstream, 'other'), 'headgate.yaml'));
    await gateway.until(async () => {
      const answer = await get(gateway.port, after).catch(() => '');
      return answer !== '';
    }, 'the new certificate');
    stood.write('GET /stood HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const [answer] = await once(stood, 'data');
    t.match(String(answer), '200 OK');
    t.equal(gateway.log.filter((line) => line.includes('certificates renewed')).length, 1);
    t.notOk(gateway.log.some((line) => line.includes('need a restart')));
  },
);

t.test('a pair that does not fit changes nothing, and stands among the problems until it fits', async (t) => {
  const upstream = await httpsUpstream(t);
  const gateway = await startGateway(t, config(upstream, 'server'));
  const broken = config(upstream, 'server').replace('server.key', 'other.key');
  const mistake = () => parseConfig(broken, 'headgate.yaml');
  t.throws(mistake, { message: /is not the certificate's key/ });
  const problems = async () => JSON.parse((await gateway.admin('/api/table')).body).problems;
  t.same(await problems(), []);
  try {
    mistake();
  } catch (error) {
    if (error instanceof ConfigError) gateway.headgate.reloadFailed(error);
  }
  const [problem] = await problems();
  t.match(problem.place, /^headgate.yaml:\d+ listen.tls.certificates\[0\].key$/);
  t.equal(problem.message, "is not the certificate's key; the configuration before stays in force");
  t.equal(await gateway.metric('headgate_problems'), 1);
  t.equal(await get(gateway.port, agentFor(t, 'localhost')), 'GET /path localhost');
  gateway.headgate.reload(parseConfig(config(upstream, 'server'), 'headgate.yaml'));
  t.same(await problems(), []);
});

t.test('a certificate that has expired is a problem, and is used all the same', async (t) => {
  const gateway = await startGateway(t, config(1, 'expired'));
  const { body } = await gateway.admin('/api/table');
  const [problem] = JSON.parse(body).problems;
  t.match(problem.message, /^the certificate .*expired\.crt expired at 2020-01-02T00:00:00\.000Z: clients refuse it$/);
  const socket = connect({ host: '127.0.0.1', port: gateway.port, rejectUnauthorized: false });
  t.teardown(() => socket.destroy());
  await once(socket, 'secureConnect');
});
