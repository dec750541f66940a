import { once } from 'node:events';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { UpstreamConnection } from '../../src/upstream/connection.ts';
import { EndpointPool } from '../../src/upstream/endpoint-pool.ts';
import { Holder, Peer } from './peers.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** A pool to a server of its own, closed when the test is over. */
async function setUp(t: Test, maxIdle = 8) {
  const peer = await Peer.start(t);
  const pool = new EndpointPool(peer.endpoint, maxIdle);
  t.teardown(() => pool.retire());
  return { peer, pool };
}

/** A connection in use that stands. */
async function open(t: Test, pool: EndpointPool): Promise<UpstreamConnection> {
  const connection = pool.acquire(true);
  t.teardown(() => connection.destroy());
  const holder = new Holder(connection);
  await holder.hears(1);
  t.same(holder.told, ['connect']);
  return connection;
}

/** That many connections in use, in the order in which the server saw them. */
async function openSeveral(t: Test, pool: EndpointPool, count: number): Promise<UpstreamConnection[]> {
  const connections: UpstreamConnection[] = [];
  for (let i = 0; i < count; i += 1) connections.push(await open(t, pool));
  return connections;
}

t.test('the connection that was given back last is used first', async (t) => {
  const { pool } = await setUp(t);
  const [a, b, c] = await openSeveral(t, pool, 3);
  if (a === undefined || b === undefined || c === undefined) return;
  pool.release(b, NEVER);
  pool.release(a, NEVER);
  pool.release(c, NEVER);
  t.equal(pool.acquire(false), c);
  t.equal(pool.acquire(false), a);
  t.equal(pool.acquire(false), b);
  t.equal(pool.idleCount, 0);
});

t.test('a fresh connection is never an idle one', async (t) => {
  const { pool } = await setUp(t);
  const idle = await open(t, pool);
  pool.release(idle, NEVER);
  const fresh = await open(t, pool);
  t.not(fresh, idle);
  t.equal(fresh.served, 0);
  t.equal(pool.idleCount, 1);
});

t.test('a connection that was given back has nobody to talk to, and one more exchange behind it', async (t) => {
  const { pool } = await setUp(t);
  const connection = await open(t, pool);
  pool.release(connection, 17);
  t.same([connection.user, connection.served, connection.idleUntil], [null, 1, 17]);
  pool.acquire(false);
  pool.release(connection, 18);
  t.equal(connection.served, 2);
});

t.test('exchanges in flight are counted, whatever becomes of them', async (t) => {
  const { pool } = await setUp(t, 1);
  const [a, b, c] = await openSeveral(t, pool, 3);
  t.equal(pool.active, 3);
  if (a === undefined || b === undefined || c === undefined) return;
  pool.release(a, NEVER);
  t.equal(pool.active, 2);
  pool.release(b, NEVER);
  pool.discard(c);
  t.equal(pool.active, 0);
  pool.acquire(false);
  t.equal(pool.active, 1);
});

t.test('no more idle connections are kept than the bound allows', async (t) => {
  const { pool } = await setUp(t, 2);
  const connections = await openSeveral(t, pool, 3);
  for (const connection of connections) pool.release(connection, NEVER);
  t.equal(pool.idleCount, 2);
  t.same(
    connections.map(({ socket }) => socket.destroyed),
    [false, false, true],
  );
});

t.test('a bound of 0 keeps none', async (t) => {
  const { pool } = await setUp(t, 0);
  const connection = await open(t, pool);
  pool.release(connection, NEVER);
  t.equal(pool.idleCount, 0);
  t.ok(connection.socket.destroyed);
});

t.test('a connection whose exchange broke is closed and never used again', async (t) => {
  const { peer, pool } = await setUp(t);
  const connection = await open(t, pool);
  const socket = await peer.socket(0);
  const closed = once(socket, 'close');
  pool.discard(connection);
  socket.end();
  await closed;
  t.equal(pool.idleCount, 0);
  t.not(await open(t, pool), connection);
});

t.test('a sweep closes what has been idle for too long and keeps the rest', async (t) => {
  const { pool } = await setUp(t);
  const connections = await openSeveral(t, pool, 3);
  for (const [i, connection] of connections.entries()) pool.release(connection, 100 * (i + 1));
  const stillOpen = () => connections.map(({ socket }) => !socket.destroyed);
  pool.sweep(99);
  t.same(stillOpen(), [true, true, true]);
  pool.sweep(200);
  t.same(stillOpen(), [false, false, true]);
  t.equal(pool.idleCount, 1);
  t.equal(pool.acquire(false), connections[2]);
});

t.test('a sweep finds an expired connection above one that may stay longer', async (t) => {
  // A server's `keep-alive: timeout=` shortens the deadline of the connection it came on, and the list was thought to be in order.
  const { pool } = await setUp(t);
  const connections = await openSeveral(t, pool, 4);
  for (const [i, idleUntil] of [400, 100, 300, 200].entries()) {
    const connection = connections[i];
    if (connection !== undefined) pool.release(connection, idleUntil);
  }
  pool.sweep(250);
  t.same(
    connections.map(({ socket }) => socket.destroyed),
    [false, true, false, true],
  );
  t.equal(pool.idleCount, 2);
  t.equal(pool.acquire(false), connections[2]);
  t.equal(pool.acquire(false), connections[0]);
});

t.test('a sweep touches no connection in use', async (t) => {
  const { pool } = await setUp(t);
  const connection = await open(t, pool);
  pool.release(connection, 100);
  pool.acquire(false);
  pool.sweep(1_000);
  t.notOk(connection.socket.destroyed);
});

t.test('bytes that nobody asked for close an idle connection, which is not used again', async (t) => {
  const { peer, pool } = await setUp(t);
  const connection = await open(t, pool);
  pool.release(connection, NEVER);
  const closed = once(connection.socket, 'close');
  (await peer.socket(0)).write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison');
  await closed;
  t.equal(pool.idleCount, 0);
  t.equal(connection.start, connection.end, 'and none of them is left to be read');
  t.not(await open(t, pool), connection);
});

t.test('an idle connection that the server ends is closed, and is not used again', async (t) => {
  const { peer, pool } = await setUp(t);
  const connections = await openSeveral(t, pool, 2);
  for (const connection of connections) pool.release(connection, NEVER);
  const [first, second] = connections;
  if (first === undefined) return;
  const closed = once(first.socket, 'close');
  (await peer.socket(0)).end();
  await closed;
  t.equal(pool.idleCount, 1);
  t.equal(pool.acquire(false), second);
});

t.test('an idle connection that the server resets is closed without an error that anybody sees', async (t) => {
  const { peer, pool } = await setUp(t);
  const connection = await open(t, pool);
  pool.release(connection, NEVER);
  const closed = new Promise((resolve) => connection.socket.on('close', resolve));
  (await peer.socket(0)).resetAndDestroy();
  await closed;
  t.equal(pool.idleCount, 0);
});

t.test('a connection that is closing is not handed out, even before its close is known', async (t) => {
  const { pool } = await setUp(t);
  const [a, b] = await openSeveral(t, pool, 2);
  if (a === undefined || b === undefined) return;
  pool.release(a, NEVER);
  pool.release(b, NEVER);
  b.destroy();
  t.equal(pool.acquire(false), a);
});

t.test('a connection that ended while it was in use is not kept', async (t) => {
  const { pool } = await setUp(t);
  const connection = await open(t, pool);
  connection.destroy();
  pool.release(connection, NEVER);
  t.equal(pool.idleCount, 0);
});

t.test(
  'a connection that cannot be written to is neither kept nor handed out, although its end is put off',
  async (t) => {
    const { pool } = await setUp(t);
    const [a, b] = await openSeveral(t, pool, 2);
    if (a === undefined || b === undefined) return;
    const fail = async ({ socket }: UpstreamConnection) => {
      const write: Socket['_write'] = (_chunk, _encoding, done) =>
        done(Object.assign(new Error('EPIPE'), { syscall: 'write' }));
      Reflect.set(socket, '_write', write);
      await new Promise((resolve) => socket.write('x', resolve));
      t.notOk(socket.destroyed, 'what has arrived is still to be read');
    };
    await fail(a);
    pool.release(a, NEVER);
    t.equal(pool.idleCount, 0);
    pool.release(b, NEVER);
    await fail(b);
    const next = pool.acquire(false);
    t.teardown(() => next.destroy());
    t.not(next, b);
  },
);

t.test('a retired endpoint closes its idle connections and lets exchanges finish', async (t) => {
  const { peer, pool } = await setUp(t);
  const [idle, busy] = await openSeveral(t, pool, 2);
  if (idle === undefined || busy === undefined) return;
  pool.release(idle, NEVER);
  pool.retire();
  t.ok(idle.socket.destroyed);
  t.equal(pool.idleCount, 0);
  const { user } = busy;
  t.ok(user instanceof Holder);
  (await peer.socket(1)).write('answer');
  if (user instanceof Holder) t.same(await user.hears(2), ['connect', 'data:answer']);
  t.notOk(busy.socket.destroyed);
  pool.release(busy, NEVER);
  t.ok(busy.socket.destroyed, 'and closes each when its exchange is complete');
  t.same([pool.idleCount, pool.active], [0, 0]);
});

t.test('an endpoint is named as in a URL', async (t) => {
  t.equal(new EndpointPool({ host: '10.0.0.1', port: 80 }, 1).name, '10.0.0.1:80');
  t.equal(new EndpointPool({ host: '2001:db8::1', port: 8080 }, 1).name, '[2001:db8::1]:8080');
});
