import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { ROOT } from './yaml.ts';

const { scripts, files, dependencies } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));

t.test('the build brings the files of the page to where the compiled server looks for them', async (t) => {
  const folder = t.testdir();
  const [compile, ...rest] = String(scripts.build).split(' && ');
  t.equal(compile, 'tsc -p tsconfig.build.json');
  cpSync(resolve(ROOT, 'src/admin/dashboard'), `${folder}/src/admin/dashboard`, { recursive: true });
  mkdirSync(`${folder}/dist/admin`, { recursive: true });
  for (const command of rest) execFileSync('sh', ['-c', command], { cwd: folder });
  t.same(readdirSync(`${folder}/dist/admin/dashboard`), readdirSync(resolve(ROOT, 'src/admin/dashboard')));
});

t.test('the package has what the page is made of', async (t) => {
  t.ok(files.includes('dist'));
  t.type(dependencies.uplot, 'string', 'the charts are no development dependency');
});
