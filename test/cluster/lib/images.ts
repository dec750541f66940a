import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** Builds Headgate as its package is, and strips the application once instead of in every Pod. */
export async function buildImages(folder: string): Promise<Images> {
  mkdirSync(folder, { recursive: true });
  const app = join(folder, 'app.mjs');
  writeFileSync(app, appSource());
  const dist = join(folder, 'dist');
  await command('npm', ['--prefix', ROOT, 'run', 'build', '--', '--dir', dist]);
  const here = (name: string) => join(ROOT, name);
  return {
    app,
    headgate: { dist, bin: here('bin'), node_modules: here('node_modules'), 'package.json': here('package.json') },
  };
}
