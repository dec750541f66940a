/**
 * Runs tap and closes with one line, `N passed, N failed`, that counts the named tests of all files.
 * Arguments are passed on to tap. Exits with tap's status, or 1 when nothing ran.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// Each test file is a process, and some start many: what Node.js compiles once it need not compile again.
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url));
buildTap();
const tap = spawn('tap', ['--reporter=tap', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, NODE_COMPILE_CACHE },
});
let passed = 0;
let failed = 0;
let skipped = 0;
for await (const line of createInterface({ input: tap.stdout })) {
  // A named test is a subtest of its file: indented by four spaces, exactly. A file that dies outside any test is at column 0.
  const named = /^ {4}(not )?ok \d+ - (.*)$/.exec(line);
  const file = /^not ok \d+ - /.test(line);
  if (named === null) {
    if (file || !/^ {4,}(ok|\d+\.\.|# )|^\s*$/.test(line)) console.log(line);
    continue;
  }
  if (/# (SKIP|TODO)/i.test(named[2] ?? '')) skipped += 1;
  else if (named[1] === undefined) passed += 1;
  else failed += 1;
  if (named[1] !== undefined) console.log(line);
}
const code = tap.exitCode ?? (await new Promise<number>((done) => tap.once('close', (status) => done(status ?? 1))));
if (code !== 0 && failed === 0) failed = 1;
if (code === 0 && passed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Makes tap anew when it is not made of the plugins that .taprc lists: those that strip types and mock modules would be loaded into each process
 * and each worker thread of a test, and take as long as many a test. tap does so by itself, but too late for its first run.
 */
function buildTap(): void {
  const plugins = readFileSync(new URL('../.taprc', import.meta.url), 'utf8');
  const folder = new URL('../node_modules/.cache/', import.meta.url);
  const built = new URL('taprc', folder);
  if (existsSync(built) && readFileSync(built, 'utf8') === plugins) return;
  const { status } = spawnSync('tap', ['build'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`tap build ended with ${status}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(built, plugins);
}
