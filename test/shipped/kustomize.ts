import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import { at, documents, list, ROOT, text } from './yaml.ts';

export interface Kustomization {
  /** Relative to the repository, as all paths here. */
  readonly folder: string;
  /** Every file or folder that it names, from wherever in it. */
  readonly references: readonly string[];
  /** The objects of its own files and of the folders below it, before patches. */
  readonly objects: readonly unknown[];
}

/** Folders with a kustomization.yaml at or below `folder`. */
export function kustomizations(folder: string): string[] {
  return readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('kustomization.yaml'))
    .map((file) => dirname(join(folder, file)))
    .sort();
}

export function kustomization(folder: string): Kustomization {
  const [file] = documents(`${folder}/kustomization.yaml`);
  const resources = list(file, 'resources').map((name) => normalize(join(folder, String(name))));
  const patches = list(file, 'patches').flatMap((patch) => text(patch, 'path') || []);
  const generated = list(file, 'configMapGenerator').flatMap((generator) => list(generator, 'files').map(String));
  const objects = resources.flatMap((path) => (isFolder(path) ? kustomization(path).objects : documents(path)));
  return {
    folder,
    references: [...resources, ...[...patches, ...generated].map((name) => normalize(join(folder, name)))],
    objects,
  };
}

export function isThere(path: string): boolean {
  return existsSync(resolve(ROOT, path));
}

function isFolder(path: string): boolean {
  return statSync(resolve(ROOT, path)).isDirectory();
}

/** YAML files at or below `folder`. */
export function yamlFiles(folder: string): string[] {
  return readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => relative('.', join(folder, file)))
    .sort();
}

/** The only object of a kind. */
export function only({ folder, objects }: Kustomization, kind: string): unknown {
  const found = objects.filter((object) => at(object, 'kind') === kind);
  if (found.length !== 1) throw new Error(`${folder}: ${found.length} objects of kind ${kind}, not one`);
  return found[0];
}
