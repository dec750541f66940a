import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const FOLDER = join(import.meta.dirname, '../../../config/analysis');

export interface AnalysisTemplate {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly args: readonly { readonly name: string; readonly value?: string }[];
    readonly metrics: readonly {
      readonly name: string;
      readonly provider: { readonly prometheus?: { readonly query: string }; readonly web?: { readonly url: string } };
    }[];
  };
}

/** Those of config/analysis, by name. */
export function analysisTemplates(): ReadonlyMap<string, AnalysisTemplate> {
  const templates = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .map((file): AnalysisTemplate => parse(readFileSync(join(FOLDER, file), 'utf8')));
  return new Map(templates.map((template) => [template.metadata.name, template]));
}
