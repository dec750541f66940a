import { rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file as a whole, as an editor does. What writes in place empties the file first: on a busy machine that state lasts long
 * enough to be taken for what was meant.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const whole = join(dirname(path), `.${basename(path)}.new`);
  await writeFile(whole, text);
  await rename(whole, path);
}
