import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { ROOT } from './run.ts';

/** Where the main thread and a worker keep what they have compiled, after the cache was enabled for the package at `root`. */
async function folders(root: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const program = `
    require('./bin/compile-cache.cjs').enable(${JSON.stringify(root)});
    const worker = 'require("node:worker_threads").parentPort.postMessage(require("node:module").getCompileCacheDir() ?? null)';
    const main = require('node:module').getCompileCacheDir() ?? null;
    new (require('node:worker_threads').Worker)(worker, { eval: true }).on('message', (its) => console.log(JSON.stringify([main, its])));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: ROOT, env });
  return JSON.parse(stdout);
}

const within = (folder: string): RegExp => new RegExp(`^${folder}/[^/]+$`);
const ownFolder = (t: Test): string => t.testdir({});

t.test('what was compiled is kept beside the program, of workers too', async (t) => {
  const root = ownFolder(t);
  const folder = within(join(root, 'node_modules/.cache/compile'));
  t.match(await folders(root, {}), [folder, folder]);
});

t.test('where nothing can be written the program runs without a cache', async (t) => {
  const file = join(ownFolder(t), 'file');
  writeFileSync(file, '');
  t.same(await folders(file, {}), [null, null]);
});

t.test('whoever has chosen a folder for what is compiled, or none, is not overruled', async (t) => {
  const root = ownFolder(t);
  const chosen = join(root, 'chosen');
  t.match(await folders(root, { NODE_COMPILE_CACHE: chosen }), [within(chosen), within(chosen)]);
  t.same(await folders(root, { NODE_DISABLE_COMPILE_CACHE: '1' }), [null, null]);
});
