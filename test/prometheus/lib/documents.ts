import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

/** A query that a document shows: a fenced block whose info string is `promql`. */
export interface DocumentedQuery {
  readonly document: string;
  readonly query: string;
}

/** Those of README.md and of docs/, extracted from the text. */
export function documentedQueries(): readonly DocumentedQuery[] {
  const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];
  return documents
    .filter((document) => document.endsWith('.md'))
    .flatMap((document) =>
      [...readFileSync(join(ROOT, document), 'utf8').matchAll(/^```promql\n(.*?)^```$/gms)].map(([, block = '']) => ({
        document,
        query: block.trim(),
      })),
    );
}
