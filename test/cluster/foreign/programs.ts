import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../lib/binaries.ts';

const REMEDIES = {
  kubectl: 'Install it: https://kubernetes.io/docs/tasks/tools/',
  'kubectl-argo-rollouts':
    'Install the plugin of Argo Rollouts: https://argo-rollouts.readthedocs.io/en/stable/installation/',
};

/**
 * Gathers kubectl and its plugin in `folder`: those of $PATH, or else what an earlier run has built. Builds nothing.
 * @throws Error that says which is missing and where it is to be had
 */
export function programs(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, remedy] of Object.entries(REMEDIES)) {
    const file = [...(process.env['PATH'] ?? '').split(delimiter), ...built()]
      .map((place) => join(place, name))
      .find(isProgram);
    if (file === undefined) throw new Error(`there is no ${name} in $PATH. ${remedy}`);
    symlinkSync(file, join(folder, name));
  }
  return folder;
}

/** The newest first. */
function built(): readonly string[] {
  const cache = cacheFolder();
  if (!existsSync(cache)) return [];
  return readdirSync(cache)
    .map((name) => join(cache, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
