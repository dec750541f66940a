/**
 * `npm run compare`: plays one table of raw cases to Headgate, nginx and HAProxy on loopback.
 *   --write   writes docs/conformance.md
 * Without it, compares with what is written. Exits 1 when Headgate's column differs, and when Headgate is laxer than the strictest
 * of them without a reason in reasons.ts. The last line counts the cases.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { type Column, conformanceDocument, headgateRows, reasonMistakes } from './document.ts';
import { HAPROXY, NGINX, startExternal } from './external.ts';
import { startHeadgate } from './headgate.ts';
import { judge } from './judge.ts';
import type { Subject } from './observe.ts';

const DOCUMENT = new URL('../../docs/conformance.md', import.meta.url);
const LANES = 8;

async function columnOf(start: () => Promise<Subject>): Promise<Column> {
  const subject = await start();
  try {
    return { name: subject.name, version: subject.version, judged: await judge(subject) };
  } finally {
    await subject.stop();
  }
}

async function compare(write: boolean): Promise<boolean> {
  const columns: Column[] = [];
  const starts = [() => startHeadgate(LANES), () => startExternal(NGINX, LANES), () => startExternal(HAPROXY, LANES)];
  for (const start of starts) {
    const column = await columnOf(start);
    console.log(`${column.name} ${column.version}`.trim());
    columns.push(column);
  }
  const mistakes = reasonMistakes(columns);
  for (const mistake of mistakes) console.log(mistake);
  const text = conformanceDocument(columns);
  if (write) {
    await writeFile(DOCUMENT, text);
    return mistakes.length === 0;
  }
  const written = new Set((await readFile(DOCUMENT, 'utf8')).split('\n'));
  const differing = text.split('\n').filter((line) => !written.has(line));
  const own = new Set(
    headgateRows(columns[0]?.judged ?? { requests: [], responses: [] }).filter(
      (row) => ![...written].some((line) => line.startsWith(row)),
    ),
  );
  for (const line of differing) console.log(`differs from docs/conformance.md: ${line}`);
  if (differing.length > 0) console.log('If that is meant: npm run compare -- --write');
  const { requests, responses } = columns[0]?.judged ?? { requests: [], responses: [] };
  const failed = own.size + mistakes.length;
  console.log(`${requests.length + responses.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

try {
  if (!(await compare(process.argv.includes('--write')))) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
