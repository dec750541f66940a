import { once } from 'node:events';
import t, { type Test } from 'tap';
import { Upstreams } from '../../src/upstream/upstreams.ts';
import { Holder, Peer } from './peers.ts';

const A = { host: '10.0.0.1', port: 80 };
const B = { host: '10.0.0.2', port: 80 };

/** A version with one endpoint and an idle connection to it. */
async function withIdle(t: Test, idleUntil: number) {
  const peer = await Peer.start(t);
  const upstreams = new Upstreams({ maxIdle: 8 });
  t.teardown(() => upstreams.closeIdle());
  upstreams.update({ k: [peer.endpoint] });
  const endpoint = upstreams.of('k').pick(null);
  if (endpoint === null) throw new Error('it has one');
  const connection = endpoint.acquire(false);
  await new Holder(connection).hears(1);
  endpoint.release(connection, idleUntil);
  return { upstreams, endpoint, connection, socket: await peer.socket(0) };
}

let tables = 0;

/** Another table comes, which names these. */
function retain(upstreams: Upstreams, keys: readonly string[]): void {
  tables += 1;
  for (const key of keys) upstreams.of(key).namedBy = tables;
  upstreams.retain(tables);
}

t.test('a version has one pool, which is empty until its endpoints are known', async (t) => {
  const upstreams = new Upstreams({ maxIdle: 8 });
  const pool = upstreams.of('k');
  t.same([pool.key, pool.usable], ['k', false]);
  t.equal(upstreams.of('k'), pool);
  upstreams.update({ k: [A] });
  t.equal(upstreams.of('k'), pool);
  t.equal(pool.usable, true);
});

t.test('an update touches only the versions in it', async (t) => {
  const upstreams = new Upstreams({ maxIdle: 8 });
  upstreams.update({ one: [A], two: [B] });
  const [endpoint] = upstreams.of('one').endpoints;
  upstreams.update({ two: [] });
  t.equal(upstreams.of('one').endpoints[0], endpoint);
  t.same([upstreams.of('one').usable, upstreams.of('two').usable], [true, false]);
});

t.test('endpoints of a version may be known before a table names it', async (t) => {
  const upstreams = new Upstreams({ maxIdle: 8 });
  upstreams.update({ k: [A, B] });
  retain(upstreams, ['k']);
  t.equal(upstreams.of('k').endpoints.length, 2);
});

t.test('a version that no table names any more is forgotten, and its idle connections are closed', async (t) => {
  const { upstreams, endpoint, connection, socket } = await withIdle(t, Number.POSITIVE_INFINITY);
  const pool = upstreams.of('k');
  const ended = once(socket, 'end');
  retain(upstreams, ['another']);
  t.ok(connection.socket.destroyed);
  t.ok(endpoint.retired);
  await ended;
  t.equal(pool.usable, false, 'so a request that was about to start there falls back');
  t.not(upstreams.of('k'), pool);
  t.equal(upstreams.of('k').usable, false);
});

t.test('a version that is still named keeps its pool and its connections', async (t) => {
  const { upstreams, endpoint, connection } = await withIdle(t, Number.POSITIVE_INFINITY);
  const pool = upstreams.of('k');
  retain(upstreams, ['k', 'another']);
  upstreams.update({ another: [A] });
  t.equal(upstreams.of('k'), pool);
  t.equal(endpoint.acquire(false), connection);
  connection.destroy();
});

t.test('a sweep reaches every endpoint of every version', async (t) => {
  const one = await withIdle(t, 100);
  t.equal(one.endpoint.idleCount, 1);
  one.upstreams.update({ first: [A], last: [B] });
  one.upstreams.sweep(99);
  t.notOk(one.connection.socket.destroyed);
  one.upstreams.sweep(100);
  t.ok(one.connection.socket.destroyed);
});

t.test('who is left out is told by version, and a version that goes is told of too', async (t) => {
  const ejection = { failures: 1, time: 1_000, maxTime: 1_000, maxShare: 1, serverErrors: false };
  const upstreams = new Upstreams({ maxIdle: 8, ejection });
  upstreams.update({ one: [A], two: [A, B] });
  const [, second] = upstreams.of('two').endpoints;
  if (second === undefined) throw new Error('it has two');
  upstreams.of('two').failed(second, 0);
  t.equal(upstreams.sweep(1), true);
  t.same(upstreams.leftOut(), { two: ['10.0.0.2:80'] });
  retain(upstreams, ['one']);
  t.equal(upstreams.sweep(2), true);
  t.same(upstreams.leftOut(), {});
  t.equal(upstreams.sweep(3), false);
});

t.test('closing what is idle leaves no connection behind', async (t) => {
  const { upstreams, connection } = await withIdle(t, Number.POSITIVE_INFINITY);
  upstreams.closeIdle();
  t.ok(connection.socket.destroyed);
});
