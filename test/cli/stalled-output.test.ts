import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Gateway } from '../control/gateway.ts';
import { deadPort, strictUpstream } from '../lib/upstreams.ts';
import { ROOT } from './run.ts';

/** A pipe that holds all it can. `read` takes out what is in it by then. */
function fullPipe(t: Test, folder: string) {
  const file = join(folder, 'pipe');
  if (spawnSync('sh', ['-c', 'mkfifo "$0"', file]).status !== 0) throw new Error('no mkfifo');
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(file, constants.O_WRONLY);
  t.teardown(() => closeSync(reader));
  const filler = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  // First whole pages, then what is left of the last one.
  for (const size of [4096, 1]) while (wrote(filler, Buffer.alloc(size, '-')));
  closeSync(filler);
  const read = (): string => {
    const chunk = Buffer.alloc(1 << 20);
    try {
      return chunk.toString('utf8', 0, readSync(reader, chunk));
    } catch {
      return '';
    }
  };
  return { writer, read };
}

function wrote(fd: number, bytes: Buffer): boolean {
  try {
    return writeSync(fd, bytes) > 0;
  } catch {
    return false;
  }
}

/** `serve` whose standard output is a full pipe, with the access log on. */
async function serveStalled(t: Test) {
  const [port, adminPort, upstream] = [await deadPort(), await deadPort(), await strictUpstream(t)];
  const folder = t.testdir({
    'headgate.yaml': `listen: { address: 127.0.0.1, port: ${port} }
admin: { address: 127.0.0.1, port: ${adminPort} }
log: { level: info, access: true }
drain: { delay: 0, timeout: 10s }
routes: [{ versions: { only: { weight: 1, endpoints: ["127.0.0.1:${upstream.port}"] } } }]
`,
  });
  const { writer, read } = fullPipe(t, folder);
  const child = spawn(process.execPath, ['bin/headgate', 'serve', '--config', join(folder, 'headgate.yaml')], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', writer, 'pipe'],
  });
  const exit = once(child, 'exit');
  closeSync(writer);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const gateway = new Gateway(port, adminPort);
  await gateway.ready();
  return { child, exit, gateway, read };
}

t.test('a reader of the logs that stands still holds up neither requests nor the end of a drain', async (t) => {
  const { child, exit, gateway } = await serveStalled(t);
  for (let i = 0; i < 20; i += 1) t.equal((await gateway.get(`/${i}`)).status, 200);
  const began = performance.now();
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  t.ok(performance.now() - began < 9_000, 'before the time of the drain is over');
});

t.test('what could not be written to a full pipe is written in order when its reader goes on', async (t) => {
  const { child, exit, gateway, read } = await serveStalled(t);
  t.equal((await gateway.get('/')).status, 200);
  let output = '';
  await gateway.until(() => {
    output += read();
    return output.includes('"log":"access"') && output.includes('"msg":"serving"');
  }, 'the lines');
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  output += read();
  const messages = [...output.matchAll(/"msg":"([^"]+)"/g)].map((match) => match[1]);
  t.strictSame(messages, ['serving', 'draining; a second signal ends at once', 'every request was answered']);
});
