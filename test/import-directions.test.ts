import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const FORBIDDEN = [
  ['src/common/a.ts', '../model/pod.ts'],
  ['src/http1/b.ts', '../common/records.ts'],
  ['src/http1/a.ts', '../routing/table.ts'],
  ['src/model/a.ts', '../routing/table.ts'],
  ['src/config/a.ts', '../sources/source.ts'],
  ['src/sources/a.ts', '../routing/compile.ts'],
  ['src/sources/kubernetes/a.ts', '../../routing/compile.ts'],
  ['src/routing/a.ts', '../proxy/exchange.ts'],
  ['src/routing/match.ts', '../model/rollout.ts'],
  ['src/upstream/a.ts', '../config/config.ts'],
  ['src/upstream/b.ts', '../health/health-checker.ts'],
  ['src/health/a.ts', '../proxy/worker-pool.ts'],
  ['src/telemetry/b.ts', '../analysis/recorder.ts'],
  ['src/analysis/a.ts', '../proxy/exchange.ts'],
  ['src/analysis/b.ts', '../config/config.ts'],
  ['src/proxy/a.ts', '../model/rollout.ts'],
  ['src/proxy/b.ts', '../sources/source.ts'],
  ['src/proxy/c.ts', '../config/config.ts'],
  ['src/analysis/statistics/a.ts', '../../config/config.ts'],
  ['src/analysis/statistics/b.ts', '../verdict.ts'],
  ['src/telemetry/a.ts', '../proxy/exchange.ts'],
  ['src/admin/a.ts', '../proxy/worker-pool.ts'],
  ['src/admin/dashboard/a.js', '../live-view.ts'],
  ['src/control/a.ts', '../cli/serve.ts'],
  ['src/demo/a.ts', '../control/headgate.ts'],
] as const;
const ALLOWED = ['src/proxy/allowed.ts', '../http1/fields.ts'] as const;

const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));

/** Lints a tree of one-line modules with the project's own rules. Returns what was said of each file. */
async function lint(t: Test): Promise<string> {
  const tree: Record<string, string> = {
    'biome.json': await readFile(new URL('../biome.json', import.meta.url), 'utf8'),
    '.gitignore': 'node_modules\n',
  };
  const folder = t.testdir(tree);
  for (const [file, specifier] of [...FORBIDDEN, ALLOWED]) {
    await mkdir(`${folder}/${file.slice(0, file.lastIndexOf('/'))}`, { recursive: true });
    await writeFile(`${folder}/${file}`, `import * as other from '${specifier}';\n\nconsole.log(other);\n`);
  }
  const { stdout } = spawnSync(biome, ['lint', '--reporter=github', 'src'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout;
}

t.test('an import against the data flow is an error of the linter', async (t) => {
  const said = await lint(t);
  for (const [file, specifier] of FORBIDDEN) {
    const pattern = new RegExp(`noRestrictedImports.*${file.replaceAll('.', '\\.')}`);
    t.match(said, pattern, `${specifier} in ${file}`);
  }
  t.notMatch(said, ALLOWED[0]);
});
