import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { request } from 'undici';
import { type AdminOptions, startAdmin } from '../../src/admin/server.ts';
import { RawPeer } from '../lib/raw-peer.ts';
import { STATE } from './admin-state.ts';

/** A server whose /metrics are as the test wants them, ended with the test. */
async function setUp(t: Test, metrics: () => Promise<string>, options: Partial<AdminOptions> = {}) {
  const admin = await startAdmin({
    listen: { address: '127.0.0.1', port: 0 },
    state: { ...STATE, metrics: async () => ({ contentType: 'text/plain', body: [Buffer.from(await metrics())] }) },
    ...options,
  });
  t.teardown(() => admin.close());
  const get = async (path: string) => {
    const { statusCode, body } = await request(`http://127.0.0.1:${admin.port}${path}`);
    return `${statusCode} ${await body.text()}`;
  };
  const client = async (): Promise<RawPeer> => {
    const socket = connect(admin.port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    return new RawPeer(socket);
  };
  return { get, client };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

t.test('eight large answers at a time, pipelined ones too; probes are answered all the while', async (t) => {
  const waiting: (() => void)[] = [];
  const { get, client } = await setUp(t, () => new Promise((resolve) => waiting.push(() => resolve('up 1\n'))));
  const peer = await client();
  peer.send('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(8));
  await until(() => waiting.length === 8);
  for (const path of ['/metrics', '/api/table', '/api/explain']) t.match(await get(path), /^503 busy/, path);
  t.equal(await get('/livez'), '200 ok\n');
  t.equal(await get('/readyz'), '200 ok\n');
  for (const answer of waiting) answer();
  for (let i = 0; i < 8; i += 1) t.equal((await peer.readResponse()).status, 200);
  t.match(await get('/api/table'), /^200/, 'there is room again');
});

t.test('a client that goes away with its answer under way makes room', async (t) => {
  let begun = 0;
  const never = (): Promise<string> => {
    begun += 1;
    return new Promise(() => {});
  };
  const { get, client } = await setUp(t, never);
  const peer = await client();
  peer.send('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(8));
  await until(() => begun === 8);
  t.match(await get('/api/table'), /^503/);
  peer.reset();
  while (!(await get('/api/table')).startsWith('200')) await new Promise(setImmediate);
});

t.test('clients that do not read their answers are cut', async (t) => {
  const text = 'x'.repeat(8 << 20);
  let begun = 0;
  const large = async (): Promise<string> => {
    begun += 1;
    return text;
  };
  const { get, client } = await setUp(t, large, { stalledMs: 300 });
  for (let i = 0; i < 8; i += 1) {
    const peer = await client();
    peer.socket.pause();
    peer.send('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => begun > i);
  }
  while (!(await get('/api/table')).startsWith('200')) await new Promise(setImmediate);
  t.equal(begun, 8, 'their answers are given up');
});

t.test('there are 256 connections at most', async (t) => {
  const { get, client } = await setUp(t, async () => 'up 1\n');
  const peers = await Promise.all(Array.from({ length: 256 }, () => client()));
  const over = await client();
  t.equal(await over.ending().catch(() => 'reset'), 'end', 'one more is closed as it comes');
  for (const peer of peers) peer.socket.destroy();
  while ((await get('/livez').catch(() => '')) !== '200 ok\n') await new Promise(setImmediate);
});
