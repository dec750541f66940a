import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'rolldown';

/** Of a module of a package: the package's folder and its name, which may have a scope. */
const PACKAGE = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/;

/**
 * Writes `licenses.txt`: of each package that became part of what is published, its name, version and licence, which has to go along with it.
 * @throws when a package has no licence file
 */
export function licenses(): Plugin {
  return {
    name: 'licenses',
    generateBundle(_, bundle) {
      const folders = new Map<string, string>();
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.type === 'chunk' ? chunk.moduleIds : []) {
          const [folder, name] = PACKAGE.exec(id) ?? [];
          if (folder !== undefined && name !== undefined) folders.set(folder, name);
        }
      }
      const texts = [...folders]
        .sort(([, a], [, b]) => (a < b ? -1 : 1))
        .map(([folder, name]) => license(folder, name));
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: texts.join('\n') });
    },
  };
}

function license(folder: string, name: string): string {
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence file: what is published must not contain it`);
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const text = readFileSync(`${folder}/${file}`, 'utf8').trim();
  return `${name} ${version}\n\n${text}\n\n${'-'.repeat(80)}\n`;
}
