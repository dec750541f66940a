import t, { type Test } from 'tap';
import { UpstreamConnection } from '../../src/upstream/connection.ts';
import { HEADROOM, slabs } from '../../src/upstream/slabs.ts';
import { deadEndpoint, Holder, Peer } from './peers.ts';

/** A connection that stands, held by somebody. */
async function setUp(t: Test) {
  const peer = await Peer.start(t);
  const idleEnds: UpstreamConnection[] = [];
  const connection = new UpstreamConnection(peer.endpoint, (ended) => idleEnds.push(ended));
  t.teardown(() => connection.destroy());
  const holder = new Holder(connection);
  await holder.hears(1);
  return { connection, holder, idleEnds, socket: await peer.socket(0) };
}

t.test('the holder is told of the connection, the bytes and the end, in this order', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  t.ok(connection.connected);
  socket.end('all of it');
  t.same(await holder.hears(3), ['connect', 'data:all of it', 'end']);
});

t.test('where nobody listens the holder is told so', async (t) => {
  const connection = new UpstreamConnection(await deadEndpoint(), () => t.fail('it was in use'));
  t.same(await new Holder(connection).hears(1), ['close:ECONNREFUSED']);
  t.same([connection.connected, connection.closed], [false, true]);
});

t.test('bytes that were taken make room for the next', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  for (const [i, text] of ['first', 'second'].entries()) {
    socket.write(text);
    await holder.hears(2 + i);
    t.same([connection.start, connection.end], [HEADROOM, HEADROOM]);
  }
  t.same(holder.told, ['connect', 'data:first', 'data:second']);
});

t.test('bytes that were not taken are shown again, with what came behind them', async (t) => {
  const { holder, socket } = await setUp(t);
  holder.takes = 2;
  socket.write('HTTP/1.1 ');
  await holder.hears(2);
  socket.write('200 OK');
  t.same(await holder.hears(3), ['connect', 'data:HTTP/1.1 ', 'data:TP/1.1 200 OK']);
});

t.test('a head may arrive in more bytes than one read holds', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  holder.takes = 0;
  const sent = Buffer.alloc(200_000, 'abcdefghijklmnopqrstuvwxyz');
  socket.write(sent);
  while (connection.end - connection.start < sent.length) await holder.hears(holder.told.length + 1);
  t.ok(connection.slab.subarray(connection.start, connection.end).equals(sent));
  t.ok(connection.start >= HEADROOM);
});

t.test('there is room in front of the bytes for a longer head', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  holder.takes = 0;
  socket.write('x');
  await holder.hears(2);
  t.equal(connection.start, HEADROOM);
});

t.test('a holder that says no hears nothing until it reads on', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  holder.goesOn = false;
  socket.write('one');
  await holder.hears(2);
  await new Promise((resolve) => socket.write('two', resolve));
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  t.same(holder.told, ['connect', 'data:one']);
  holder.goesOn = true;
  connection.socket.resume();
  t.same(await holder.hears(3), ['connect', 'data:one', 'data:two']);
});

t.test('a buffer that a write still refers to is left as it is', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  const used: Buffer[] = [];
  holder.onUpstreamData = () => {
    used.push(connection.slab);
    holder.told.push(connection.slab.toString('latin1', connection.start, connection.end));
    connection.renewSlab();
    return true;
  };
  socket.write('old bytes');
  while (holder.told.length < 2) await new Promise(setImmediate);
  socket.write('new bytes');
  while (holder.told.length < 3) await new Promise(setImmediate);
  t.not(used[1], used[0]);
  t.equal(used[0]?.toString('latin1', HEADROOM, HEADROOM + 9), 'old bytes');
  t.same(holder.told, ['connect', 'old bytes', 'new bytes']);
});

t.test('a connection holds a buffer only while there is something in it', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  t.equal(connection.slab, slabs.none, 'nothing has come yet');
  holder.takes = 3;
  socket.write('half a head');
  await holder.hears(2);
  t.not(connection.slab, slabs.none, 'what is not consumed is kept');
  holder.takes = Number.POSITIVE_INFINITY;
  socket.write('and the rest');
  t.same(await holder.hears(3), ['connect', 'data:half a head', 'data:f a headand the rest']);
  t.equal(connection.slab, slabs.none);
});

t.test('a body that fills its reads is read by larger ones', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  const sent = Buffer.alloc(4_000_000, 'abcdefghijklmnopqrstuvwxyz');
  const reads: number[] = [];
  const received: Buffer[] = [];
  const whole = new Promise<void>((resolve) => {
    holder.onUpstreamData = () => {
      reads.push(connection.end - connection.start);
      received.push(Buffer.from(connection.slab.subarray(connection.start, connection.end)));
      connection.start = connection.end;
      if (received.reduce((sum, { length }) => sum + length, 0) === sent.length) resolve();
      return true;
    };
  });
  // More than a read is there before the first one.
  socket.cork();
  for (let at = 0; at < sent.length; at += 500_000) socket.write(sent.subarray(at, at + 500_000));
  socket.uncork();
  await whole;
  t.ok(Buffer.concat(received).equals(sent));
  t.ok(Math.max(...reads) > 65_536, `reads of ${reads.join(', ')}`);
  t.ok(Math.max(...reads) <= 262_144);
});

t.test('what two connections hear at the same time never mixes', async (t) => {
  const [one, two] = [await setUp(t), await setUp(t)];
  one.holder.takes = 0;
  two.holder.takes = 0;
  for (let i = 0; i < 5; i += 1) {
    one.socket.write('a'.repeat(1_000));
    two.socket.write('b'.repeat(1_000));
  }
  const all = (letter: string): string => `data:${letter.repeat(5_000)}`;
  while (one.holder.told.at(-1) !== all('a') || two.holder.told.at(-1) !== all('b')) await new Promise(setImmediate);
  t.not(one.connection.slab, two.connection.slab);
});

t.test('a reset while it is held is told with its error', async (t) => {
  const { connection, holder, idleEnds, socket } = await setUp(t);
  socket.resetAndDestroy();
  t.same(await holder.hears(2), ['connect', 'close:ECONNRESET']);
  t.ok(connection.closed);
  t.same(idleEnds, [], 'and only to its holder');
});

t.test('an end while it is held leaves our own side open', async (t) => {
  const { connection, holder, socket } = await setUp(t);
  socket.end();
  t.same(await holder.hears(2), ['connect', 'end']);
  t.ok(connection.socket.writable);
});

t.test('an end while nobody holds it closes it, and its pool is told once', async (t) => {
  const { connection, holder, idleEnds, socket } = await setUp(t);
  connection.user = null;
  const closed = new Promise((resolve) => connection.socket.on('close', resolve));
  socket.end();
  await closed;
  t.same(idleEnds, [connection]);
  t.same(holder.told, ['connect']);
});

t.test('bytes while nobody holds it close it, and nobody is shown them', async (t) => {
  const { connection, holder, idleEnds, socket } = await setUp(t);
  connection.user = null;
  const closed = new Promise((resolve) => connection.socket.on('close', resolve));
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  await closed;
  t.same(idleEnds, [connection]);
  t.same(holder.told, ['connect']);
  t.equal(connection.start, connection.end);
});
