import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { rawClient } from '../lib/raw-client.ts';
import { strictUpstream } from '../lib/upstreams.ts';
import { startGateway } from './gateway.ts';

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** An upstream that answers `/held` only when it is released. */
async function holding(t: Test, drain: string) {
  let release: () => void = () => undefined;
  const hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { port } = await strictUpstream(t, (response, { target }) => {
    void (target === '/held' ? hold : Promise.resolve()).then(() => response.end(target));
  });
  const routes = `routes: [{ versions: { only: { weight: 1, endpoints: ["127.0.0.1:${port}"] } } }]\n`;
  const gateway = await startGateway(t, `drain: ${drain}\n${routes}`);
  return { gateway, release };
}

/** What becomes of a new connection. */
function connecting(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });
}

t.test('within drain.delay it is not ready and still answers, each time with connection: close', async (t) => {
  const { gateway } = await holding(t, '{ delay: 1500ms, timeout: 10s }');
  const old = await rawClient(t, gateway.port);
  old.send(GET('/before'));
  t.notMatch((await old.readFinal()).head, /connection: close/i);
  const ended = gateway.shutdown();
  t.match(await gateway.admin('/readyz'), { status: 503, body: 'draining\n' });
  t.match(await gateway.admin('/livez'), { status: 200 });
  for (const client of [old, await rawClient(t, gateway.port)]) {
    client.send(GET('/during'));
    const answer = await client.readFinal();
    t.equal(answer.status, 200);
    t.match(answer.head, /connection: close/i);
    t.equal(await client.ending(), 'end');
    client.socket.end();
  }
  t.equal(await ended, true);
});

t.test('after drain.delay connections are refused, and a request in flight is answered', async (t) => {
  const { gateway, release } = await holding(t, '{ delay: 0, timeout: 10s }');
  const client = await rawClient(t, gateway.port);
  client.send(GET('/held'));
  await gateway.until(async () => (await gateway.metric('headgate_requests_in_flight')) === 1, 'the request in flight');
  const ended = gateway.shutdown();
  await gateway.until(async () => (await connecting(gateway.port)) === 'ECONNREFUSED', 'refusal');
  release();
  const answer = await client.readFinal();
  t.equal(answer.body.toString(), '/held');
  t.match(answer.head, /connection: close/i);
  client.socket.end();
  t.equal(await ended, true);
});

t.test('an idle client is let go at once', async (t) => {
  const { gateway } = await holding(t, '{ delay: 0, timeout: 10s }');
  const client = await rawClient(t, gateway.port);
  client.send(GET('/'));
  await client.readFinal();
  const ended = gateway.shutdown();
  t.equal(await client.ending(), 'end');
  client.socket.end();
  t.equal(await ended, true);
});

t.test('drain.timeout cuts what is left', async (t) => {
  const { gateway } = await holding(t, '{ delay: 0, timeout: 200ms }');
  const client = await rawClient(t, gateway.port);
  client.send(GET('/held'));
  await gateway.until(async () => (await gateway.metric('headgate_requests_in_flight')) === 1, 'the request in flight');
  t.equal(await gateway.shutdown(), false);
  await client.ending();
  t.equal(client.unread.length, 0, 'there was nothing to answer with');
});

t.test('a shutdown that skips the delay still lets a request in flight end', async (t) => {
  const { gateway, release } = await holding(t, '{ delay: 10m, timeout: 10s }');
  const client = await rawClient(t, gateway.port);
  client.send(GET('/held'));
  await gateway.until(async () => (await gateway.metric('headgate_requests_in_flight')) === 1, 'the request in flight');
  const ended = gateway.shutdown({ skipDelay: true });
  await gateway.until(async () => (await connecting(gateway.port)) === 'ECONNREFUSED', 'refusal');
  release();
  t.equal((await client.readFinal()).status, 200);
  t.equal(await ended, true);
});
