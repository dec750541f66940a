import t, { type Test } from 'tap';
import { valuesOf } from '../lib/message.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import type { SettingsChange } from '../lib/test-settings.ts';
import { GET, OK, type Scene, scene, turns } from './scene.ts';

const ASK = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n';

interface Tunnel {
  readonly under: Scene;
  readonly client: RawPeer;
  readonly server: RawPeer;
}

/** A tunnel through which each side has said something. */
async function tunnel(t: Test, settings: SettingsChange = {}): Promise<Tunnel> {
  const under = await scene(
    t,
    async (peer) => {
      await peer.readRequest();
      peer.send(`${SWITCH}hello`);
    },
    settings,
  );
  const client = await under.client();
  client.send(ASK);
  t.equal((await client.readResponse()).status, 101);
  t.equal((await client.read(5)).toString(), 'hello');
  const server = await under.peer();
  client.send('hi');
  t.equal((await server.read(2)).toString(), 'hi');
  return { under, client, server };
}

t.test('a tunnel that both sides end leaves nothing, and the version has answered', async (t) => {
  const { under, client, server } = await tunnel(t);
  client.socket.end();
  server.socket.end();
  t.equal(await client.ending(), 'end');
  t.equal(await server.ending(), 'end');
  await under.leaves({ statuses: { 101: 1 }, reasons: [''] });
});

t.test('a client that resets its tunnel leaves nothing, and its name in the log', async (t) => {
  const { under, client, server } = await tunnel(t);
  client.reset();
  t.equal(await server.ending(), 'reset');
  await under.leaves({ statuses: { 101: 1 }, reasons: ['client_closed'] });
});

t.test('an application that resets its tunnel leaves nothing, and the reset in the log', async (t) => {
  const { under, client, server } = await tunnel(t);
  server.reset();
  t.equal(await client.ending(), 'reset');
  await under.leaves({ statuses: { 101: 1 }, reasons: ['reset'] });
});

t.test('an idle tunnel leaves nothing, and its timeout in the log', async (t) => {
  const { under, client, server } = await tunnel(t, { timeouts: { tunnel: 60_000 } });
  under.plane.pass(60_100);
  t.equal(await client.ending(), 'reset');
  t.equal(await server.ending(), 'reset');
  await under.leaves({ statuses: { 101: 1 }, reasons: ['tunnel_timeout'] });
});

t.test(
  'a client that leaves before the 101 ends the request, and the 101 that comes too late makes no tunnel',
  async (t) => {
    const under = await scene(t, async (peer) => {
      await peer.readRequest();
      await peer.ending();
      peer.send(SWITCH);
    });
    const client = await under.client();
    client.send(`${ASK}early`);
    const server = await under.peer();
    await turns(20);
    client.reset();
    await server.ending();
    t.equal(server.text(), '', 'what came early was not passed on');
    await under.leaves({ statuses: { 499: 1 }, reasons: ['client_closed'] });
  },
);

t.test('an application that falls silent before its 101 is late like any other', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(SWITCH.slice(0, -2));
  });
  const client = await under.client();
  client.send(ASK);
  await under.peer();
  await turns(20);
  under.plane.pass(60_100);
  t.equal((await client.readResponse()).status, 504);
  await under.leaves({ statuses: { 504: 1 }, failures: { response_timeout: 1 }, reasons: ['response_timeout'] });
});

t.test(
  'an application that ends the connection instead of a 101 has failed, and the client may ask again',
  async (t) => {
    const under = await scene(t, async (peer, index) => {
      await peer.readRequest();
      if (index === 0) peer.socket.end();
      else peer.send(OK);
    });
    const client = await under.client();
    client.send(ASK);
    const answer = await client.readResponse();
    t.equal(answer.status, 502);
    t.same(valuesOf(answer, 'connection'), []);
    client.send(GET);
    t.equal((await client.readResponse()).status, 200);
    await under.leaves({ statuses: { 200: 1, 502: 1 }, failures: { reset: 1 }, reasons: ['reset', ''] });
  },
);

t.test('a 101 with a protocol of its own choice is a bad response, and leaves nothing', async (t) => {
  const under = await scene(t, async (peer) => {
    await peer.readRequest();
    peer.send(`${SWITCH.replace('chat/2', 'h2c')}PRI * HTTP/2.0\r\n\r\n`);
  });
  const client = await under.client();
  client.send(ASK);
  t.equal((await client.readResponse()).status, 502);
  t.equal(client.text(), '', 'nothing of what follows it goes to the client');
  await under.leaves({ statuses: { 502: 1 }, failures: { bad_response: 1 }, reasons: ['bad_response'] });
});
