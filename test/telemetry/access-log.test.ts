import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type AccessEntry, AccessLog } from '../../src/telemetry/access-log.ts';

const THREADS = fileURLToPath(new URL('access-log-threads.ts', import.meta.url));
const ENTRY: AccessEntry = {
  client: '192.0.2.7',
  method: 'GET',
  host: 'api.example.com',
  path: '/orders',
  status: 200,
  duration_ms: 1.23456,
  bytes_in: 0,
  bytes_out: 121,
  route: 'talana',
  version: '7f9b',
  role: 'canary',
  rule: 'weight',
  fallback: '',
  upstream: '10.0.0.1:8080',
  reason: '',
};

/** What is in the file after these entries. */
async function written(file: string, ...changes: Partial<AccessEntry>[]): Promise<string[]> {
  const log = new AccessLog({ destination: openSync(file, 'a') });
  for (const change of changes) log.write({ ...ENTRY, ...change });
  await log.flush();
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

/** Every line of every thread, whole and in order. */
function checkLines(t: Test, output: string, threads: number, lines: number): void {
  const next = Array.from({ length: threads }, () => 0);
  let broken = 0;
  for (const line of output.split('\n').slice(0, -1)) {
    try {
      const { bytes_in: thread, bytes_out: i } = JSON.parse(line);
      if (next[thread] === i) next[thread] = i + 1;
      else broken++;
    } catch {
      broken++;
    }
  }
  t.equal(broken, 0);
  t.same(
    next,
    Array.from({ length: threads }, () => lines),
  );
}

t.test('a line holds the fields of the entry, with time and a mark of its kind', async (t) => {
  const [line] = await written(join(t.testdir(), 'log'), {});
  const parsed = JSON.parse(line ?? '');
  t.match(parsed, { ...ENTRY, log: 'access', duration_ms: 1.235 });
  t.equal(new Date(parsed.time).toISOString(), parsed.time);
  t.same(Object.keys(parsed), ['log', 'time', ...Object.keys(ENTRY)]);
});

t.test('the query of a path is not logged', async (t) => {
  const [line] = await written(join(t.testdir(), 'log'), { path: '/orders?token=secret' });
  t.equal(JSON.parse(line ?? '').path, '/orders');
});

t.test('a hostile request makes one line of at most 4,096 bytes', async (t) => {
  const lines = await written(join(t.testdir(), 'log'), {
    method: 'M'.repeat(5_000),
    host: '"'.repeat(5_000),
    path: `/"\\${'é'.repeat(20_000)}\n{"log":"access"}`,
  });
  t.equal(lines.length, 1);
  t.ok(Buffer.byteLength(`${lines[0]}\n`) <= 4096);
});

t.test('flush writes everything that waits, however much', async (t) => {
  const lines = await written(join(t.testdir(), 'log'), ...Array.from({ length: 1000 }, (_, i) => ({ status: i })));
  t.same(
    lines.map((line) => JSON.parse(line).status),
    Array.from({ length: 1000 }, (_, i) => i),
  );
});

t.test('flush with nothing written resolves', async (t) => {
  t.same(await written(join(t.testdir(), 'log')), []);
});

t.test('a line comes out without a flush, a moment later', async (t) => {
  const file = join(t.testdir(), 'log');
  const log = new AccessLog({ destination: openSync(file, 'a') });
  log.write(ENTRY);
  while (readFileSync(file, 'utf8') === '') await delay(20);
  t.equal(readFileSync(file, 'utf8').split('\n').length, 2);
});

t.test('what does not fit while nobody reads is dropped and counted in a line', async (t) => {
  const file = join(t.testdir(), 'log');
  const log = new AccessLog({ destination: openSync(file, 'a') });
  // Without a turn of the event loop in between, no write can end.
  for (let i = 0; i < 10_000; i++) log.write(ENTRY);
  await log.flush();
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const dropped = lines.map((line) => JSON.parse(line).dropped ?? 0).reduce((a, b) => a + b);
  t.ok(dropped > 0);
  t.equal(lines.length - 1 + dropped, 10_000);
});

t.test("threads that write to the same slow pipe do not break each other's lines", async (t) => {
  // Through a shell, for what Node.js itself opens to a child is a socket and not a pipe.
  const child = spawn('sh', ['-c', '"$0" "$1" 3 700 | cat', process.execPath, THREADS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Nobody reads at first, so that the pipe is full and every thread has to wait. 700 lines fit what each may hold.
  await delay(300);
  const output = await text(child.stdout);
  checkLines(t, output, 3, 700);
});

t.test("threads that write to the same file do not break each other's lines", async (t) => {
  const file = join(t.testdir(), 'log');
  const child = spawn(process.execPath, [THREADS, '3', '700'], { stdio: ['ignore', openSync(file, 'w'), 'inherit'] });
  await once(child, 'close');
  checkLines(t, readFileSync(file, 'utf8'), 3, 700);
});

t.test('a full disk ends the log and nothing else', { skip: !existsSync('/dev/full') }, async (t) => {
  const stdio = ['ignore', openSync('/dev/full', 'a'), 'inherit'] as const;
  const child = spawn(process.execPath, [THREADS, '2', '1000'], { stdio: [...stdio] });
  const [code] = await once(child, 'close');
  t.equal(code, 0);
});

t.test('a reader that goes away ends the log and nothing else', async (t) => {
  const child = spawn(process.execPath, [THREADS, '2', '1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = await once(child, 'close');
  t.equal(code, 0);
});
