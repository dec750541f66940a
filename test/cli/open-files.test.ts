import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { Gateway } from '../control/gateway.ts';
import { strictUpstream } from '../lib/upstreams.ts';
import { ROOT } from './run.ts';

const FILES = 100;

t.test('out of open files it says so, lives, serves those who are connected, and recovers', async (t) => {
  const upstream = await strictUpstream(t);
  const folder = t.testdir({
    'headgate.yaml': [
      'listen: { address: 127.0.0.1, port: 0 }',
      'admin: { address: 127.0.0.1, port: 0 }',
      'limits: { connections: 1000 }',
      'routes:',
      '  - healthCheck: { path: /, interval: 200ms, timeout: 100ms, unhealthy: 2 }',
      `    versions: { only: { weight: 1, endpoints: ["127.0.0.1:${upstream.port}"] } }`,
    ].join('\n'),
  });
  const serve = `ulimit -n ${FILES}; exec "$0" bin/headgate serve --config "$1"`;
  const child = spawn('sh', ['-c', serve, process.execPath, join(folder, 'headgate.yaml')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const line = async (part: string): Promise<string> => {
    for (;;) {
      const found = lines.find((one) => one.includes(part));
      if (found !== undefined) return found;
      await once(child.stdout, 'data');
    }
  };
  const { ports, admin }: { ports: number[]; admin: number } = JSON.parse(await line('"msg":"serving"'));
  const port = ports[0] ?? 0;
  t.match(await line('limits.connections is more than'), '"affordable":1');
  const gateway = new Gateway(port, admin);
  t.equal((await gateway.get('/before')).status, 200, 'this connection is kept alive');

  const clients = await Promise.all(Array.from({ length: FILES }, () => connected(port)));
  t.teardown(() => {
    for (const client of clients) client.destroy();
  });
  // A health check may get hold of the descriptor with which libuv turns clients away, and give it back: one more client takes it.
  const more = setInterval(() => clients.push(connect(port, '127.0.0.1').on('error', () => {})), 50);
  t.teardown(() => clearInterval(more));
  t.match(await line('no file can be opened any more'), '"code":"EMFILE"');
  clearInterval(more);
  t.equal((await gateway.get('/meanwhile')).status, 200, 'an idle connection on both sides still serves');
  const answers = await Promise.all(clients.slice(0, 30).map(answered));
  const refused = answers.filter((answer) => answer.includes('connect_error')).length;
  t.ok(refused > 10, `${refused} requests found no descriptor for an upstream connection`);
  for (const client of clients) client.destroy();
  await line('files can be opened again');
  t.notOk(
    lines.some((one) => one.includes('gets no requests') || /EMFILE.*is unhealthy/.test(one)),
    'and nobody has taken that for a fault of the endpoint',
  );
  t.equal((await gateway.get('/after')).status, 200);
  t.ok(Number(await gateway.metric('headgate_upstream_failures_total', { reason: 'connect_error' })) >= refused);
  t.equal(
    await gateway.metric('headgate_attempts_total', { outcome: 'connect_failed' }),
    0,
    'nor is it an attempt at the version that failed',
  );
  t.equal(child.exitCode, null, 'it lives');
});

/** What a GET on this connection is answered with. */
async function answered(socket: Socket): Promise<string> {
  socket.write('GET /clients HTTP/1.1\r\nHost: a\r\n\r\n');
  const [answer] = await once(socket, 'data');
  return String(answer);
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
