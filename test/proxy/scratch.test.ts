import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { Scratch } from '../../src/proxy/scratch.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { rawUpstream } from '../lib/upstreams.ts';

async function server(t: Test): Promise<{ port: number; peers: readonly RawPeer[] }> {
  return rawUpstream(t, () => {});
}

t.test('what has to wait for a connection is a copy of its own size: the buffer stays', async (t) => {
  const { port, peers } = await server(t);
  const scratch = new Scratch(100_000);
  const { buffer } = scratch;
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  scratch.buffer.write('first ');
  scratch.send(socket, 6);
  scratch.buffer.write('second');
  scratch.send(socket, 6);
  t.equal(scratch.buffer, buffer);
  await once(socket, 'connect');
  socket.end();
  while (peers[0] === undefined) await new Promise((resolve) => setImmediate(resolve));
  await peers[0].ending();
  t.equal(peers[0].text(), 'first second');
});

t.test('what has to wait behind other bytes is a copy of its own size: the buffer stays', async (t) => {
  const { port, peers } = await server(t);
  const scratch = new Scratch(100_000);
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  while (peers[0] === undefined) await new Promise((resolve) => setImmediate(resolve));
  peers[0].socket.pause();
  while (socket.writableLength === 0) socket.write(Buffer.alloc(1 << 20));
  const { buffer } = scratch;
  for (let i = 0; i < 100; i += 1) scratch.send(socket, 50);
  t.equal(scratch.buffer, buffer);
  t.ok(socket.writableLength >= 5_000);
});
