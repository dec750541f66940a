import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { command } from './command.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What the containers run. */
export interface Images {
  /** The application of the Rollouts: a file for Node. */
  readonly app: string;
  /** What lies in the working directory of Headgate's image, and where it is taken from. */
  readonly headgate: Readonly<Record<'bin' | 'dist' | 'node_modules' | 'package.json', string>>;
}

/** The application as JavaScript. */
export function appSource(): string {
  return stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'pod-app.ts'), 'utf8'));
}

/** Compiles Headgate as its package does, and strips the application once instead of in every Pod. */
export async function buildImages(folder: string): Promise<Images> {
  mkdirSync(folder, { recursive: true });
  const app = join(folder, 'app.mjs');
  writeFileSync(app, appSource());
  const dist = join(folder, 'dist');
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  // `npm run check` judges the types.
  await command(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', dist]);
  cpSync(join(ROOT, 'src/admin/dashboard'), join(dist, 'admin/dashboard'), { recursive: true });
  const here = (name: string) => join(ROOT, name);
  return {
    app,
    headgate: { dist, bin: here('bin'), node_modules: here('node_modules'), 'package.json': here('package.json') },
  };
}
