import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Runs a script of `in-page/`, which returns a list of what is wrong. */
export async function inPage(page: Page, name: 'contrast' | 'structure'): Promise<string[]> {
  const script = readFileSync(join(import.meta.dirname, '../in-page', `${name}.js`), 'utf8');
  const found: unknown = await page.evaluate(script);
  if (!Array.isArray(found)) throw new Error(`${name}.js returned ${String(found)}`);
  return found.map(String);
}
