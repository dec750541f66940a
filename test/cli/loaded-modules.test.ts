import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { configText } from '../control/gateway.ts';
import { ROOT } from './run.ts';

/*
 * What is loaded has to be read, compiled and kept: a start may take 300 ms, and a process 90 MB (docs/memory.md). What not every
 * configuration needs is loaded where it is needed.
 */

const { dependencies: versions }: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);
const dependencies = Object.keys(versions);
const STATIC = 'routes: [{ versions: { only: { weight: 1, endpoints: ["127.0.0.1:1"] } } }]\n';

/** Of a `serve` from its start to its end: packages and files of the project, by the thread that has loaded them. */
async function loadedBy(t: Test, config: string): Promise<{ main: Set<string>; worker: Set<string> }> {
  const file = join(t.testdir({ 'headgate.yaml': configText(`log: { level: info }\n${config}`) }), 'headgate.yaml');
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS: '--require ./test/cli/tell-modules.cjs' };
  const child = spawn(process.execPath, ['bin/headgate', 'serve', '--config', file], { cwd: ROOT, env });
  const told = text(child.stderr);
  let lines = '';
  for await (const piece of child.stdout) {
    lines += String(piece);
    if (lines.includes('"msg":"serving"')) child.kill('SIGTERM');
  }
  if (child.exitCode === null) await once(child, 'exit');
  const words = (await told)
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const of = (thread: string) =>
    new Set(words.flatMap(([first, name]) => (first === thread && name !== undefined ? [name] : [])));
  return { main: of('main'), worker: of('worker') };
}

const ofStatic = loadedBy(t, STATIC);

t.test('versions that are written down need no HTTP client, no cluster, no other command', async (t) => {
  const { main } = await ofStatic;
  t.ok(main.has('zod') && main.has('/src/proxy/worker-pool.ts'), 'the list is that of a serve');
  t.strictSame(dependencies.filter((name) => main.has(name)).toSorted(), ['commander', 'pino', 're2js', 'yaml', 'zod']);
  t.strictSame([...main].filter((name) => /^\/src\/(sources|demo)\//.test(name)).toSorted(), [
    '/src/sources/kubernetes/access-error.ts',
    '/src/sources/open-source.ts',
  ]);
  t.notOk(['check', 'demo', 'explain'].some((command) => main.has(`/src/cli/${command}.ts`)));
});

t.test(
  'node:http is not imported, which would load all of undici that Node.js has in it; nor is TLS, where nobody speaks it',
  async (t) => {
    const { main, worker } = await ofStatic;
    t.ok(main.has('node:net') && worker.has('node:net'), 'what Node.js has itself is in the list');
    for (const name of ['node:http', 'node:https', 'node:tls', 'node:crypto'])
      t.notOk(main.has(name) || worker.has(name), name);
  },
);

t.test('a worker has the data plane, its log and the expressions of header rules', async (t) => {
  const { worker } = await ofStatic;
  t.strictSame(dependencies.filter((name) => worker.has(name)).toSorted(), ['pino', 're2js']);
  const folders = new Set([...worker].flatMap((name) => /^\/src\/([^/]+)\//.exec(name)?.[1] ?? []));
  t.strictSame([...folders].toSorted(), ['common', 'http1', 'proxy', 'routing', 'telemetry', 'upstream']);
});
