import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from './children.ts';
import { LOAD_CORE } from './cores.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const installed = new WeakMap<Children, Promise<string>>();

/**
 * Builds and packs this repository, and installs the package as npm would: compiled, below node_modules; with the repository's dependencies.
 * Once in a run.
 * @returns its program.
 */
export function installPackage(children: Children): Promise<string> {
  const known = installed.get(children) ?? install(children);
  installed.set(children, known);
  return known;
}

async function install(children: Children): Promise<string> {
  const folder = children.newFolder('package');
  await children.finish('npm pack', LOAD_CORE, 'npm', ['--prefix', ROOT, 'pack', ROOT, '--pack-destination', folder]);
  const [archive] = readdirSync(folder);
  if (archive === undefined) throw new Error('npm pack made no package');
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'headgate');
  mkdirSync(own, { recursive: true });
  await children.finish('tar', LOAD_CORE, 'tar', ['-xzf', join(folder, archive), '--strip-components=1', '-C', own]);
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(own, 'package.json'), 'utf8'),
  );
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  return join(own, 'bin', 'headgate');
}
