import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const ROOT = resolve(import.meta.dirname, '../..');

/** Runs `bin/headgate` to its end, in the repository's folder, as npm scripts and the package do. */
export function headgate(...args: string[]): Promise<Run> {
  // Width of help and colours depend on nothing of the terminal that runs the tests.
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/headgate', ...args], { cwd: ROOT, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
