import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { startServe } from '../cli/process.ts';
import { configText } from '../control/gateway.ts';
import { strictUpstream } from '../lib/upstreams.ts';
import { ROOT } from './yaml.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
const installed = install(t);

/** Builds the package, and puts it and its dependencies where npm would. @returns its folder */
function install(t: Test): string {
  const modules = join(t.testdir(), 'node_modules');
  const own = join(modules, 'headgate');
  mkdirSync(own, { recursive: true });
  execFileSync('npm', ['run', 'build', '--', '--dir', join(own, 'dist')], { cwd: ROOT, stdio: 'pipe' });
  cpSync(resolve(ROOT, 'bin'), join(own, 'bin'), { recursive: true });
  cpSync(resolve(ROOT, 'package.json'), join(own, 'package.json'));
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve(ROOT, 'node_modules', name), join(modules, name));
  }
  return own;
}

function built(): readonly { readonly name: string; readonly text: string }[] {
  const names = readdirSync(join(installed, 'dist')).filter((name) => name.endsWith('.js'));
  return names.map((name) => ({ name, text: readFileSync(join(installed, 'dist', name), 'utf8') }));
}

t.test(
  'what the package has serves as the repository does: requests, the page, its charts and the metrics',
  async (t) => {
    const upstream = await strictUpstream(t);
    const routes = `routes: [{ versions: { only: { endpoints: ["127.0.0.1:${upstream.port}"] } } }]`;
    const file = join(t.testdir({ 'headgate.yaml': configText(`log: { level: info }\n${routes}\n`) }), 'headgate.yaml');
    const { gateway } = await startServe(t, file, join(installed, 'bin/headgate'));
    t.equal((await gateway.get('/path')).body, '/path');
    for (const path of ['/', ...readdirSync(join(ROOT, 'src/admin/dashboard')).filter(sent).map(below)])
      t.equal((await gateway.admin(path)).status, 200, path);
    t.equal((await gateway.admin('/dashboard/uplot.js')).status, 200);
    t.equal(await gateway.metric('headgate_build_info', { version: manifest.version }), 1);
  },
);

function sent(name: string): boolean {
  return /\.(js|css|svg)$/.test(name);
}

function below(name: string): string {
  return `/dashboard/${name}`;
}

t.test(
  'a start loads what it always needs from few files: of packages, only those that not everybody needs are apart',
  async (t) => {
    const imported = built().flatMap(({ text }) => [...text.matchAll(/(?:^import .*from |import\()"([\w@/-]+)"/gm)]);
    t.same([...new Set(imported.map(([, name]) => name))].sort(), [
      '@bufbuild/protobuf/wire',
      '@kubernetes/client-node',
      'prom-client',
      'undici',
    ]);
    t.ok(built().length < 50, `${built().length} files`);
  },
);

t.test('the licence of every package that became part of this one goes along with it', async (t) => {
  const text = readFileSync(join(installed, 'dist/licenses.txt'), 'utf8');
  for (const name of ['commander', 'pino', 're2js', 'yaml', 'zod'])
    t.ok(text.includes(`${name} ${manifest.dependencies[name]}\n\n`), name);
  t.match(text, /Copyright \(c\) \d{4} Colin McDonnell/, 'the text itself');
});
