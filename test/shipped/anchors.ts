import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from './yaml.ts';

/** The names that GitHub gives the headings of a document, for links to them. */
export function anchorsOf(document: string): readonly string[] {
  const headings = readFileSync(resolve(ROOT, document), 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
