import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

const FOLDER = join(import.meta.dirname, '../../src/admin/dashboard');

/** Puts the files of the admin server's page beside what serves them, as they are: a browser loads them. */
export function dashboardFiles(): Plugin {
  return {
    name: 'dashboard-files',
    generateBundle() {
      const names = readdirSync(FOLDER).filter((name) => !name.endsWith('.d.ts'));
      for (const name of names)
        this.emitFile({ type: 'asset', fileName: `dashboard/${name}`, source: readFileSync(join(FOLDER, name)) });
    },
  };
}
