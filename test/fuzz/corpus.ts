import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const FILE = new URL('../corpus/codec.json', import.meta.url);

/** The inputs that fuzzing has found, each a way through the codec that no other takes. Empty when there are none yet. */
export function readCorpus(): Buffer[] {
  try {
    const lines: unknown = JSON.parse(readFileSync(FILE, 'utf8'));
    if (!Array.isArray(lines)) throw new TypeError('the corpus is a list of strings');
    return lines.map((line) => Buffer.from(String(line), 'latin1'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** One input a line, so that a change can be read. Characters are bytes (latin1). */
export function writeCorpus(inputs: readonly Buffer[]): void {
  rmSync(FILE, { force: true });
  mkdirSync(new URL('.', FILE), { recursive: true });
  const lines = inputs.map((input) =>
    // What is not visible ASCII is escaped: the file is text to every tool.
    JSON.stringify(input.toString('latin1')).replace(/[\x7f-\xff]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  );
  writeFileSync(FILE, `[\n  ${lines.join(',\n  ')}\n]\n`);
}
