import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../config/analysis');

/** The AnalysisTemplates of `config/analysis` with these names, as they are shipped. */
export function templates(...names: readonly string[]): string {
  return names.map((name) => readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')).join('---\n');
}

/** By these templates, as YAML in one line; an argument that is an object is its `valueFrom`. */
export function analysisOf(names: readonly string[], args: Readonly<Record<string, string | object>>): string {
  const written = Object.entries(args).map(([name, value]) =>
    typeof value === 'string' ? { name, value } : { name, valueFrom: value },
  );
  return JSON.stringify({ templates: names.map((templateName) => ({ templateName })), args: written });
}

/** The arguments that every Rollout can give. */
export const HASHES = {
  'canary-hash': { podTemplateHashValue: 'Latest' },
  'stable-hash': { podTemplateHashValue: 'Stable' },
} as const;
