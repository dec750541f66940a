import { readFile } from 'node:fs/promises';
import t from 'tap';
import { headgateRows } from './document.ts';
import { startHeadgate } from './headgate.ts';
import { judge } from './judge.ts';

const LANES = 8;

t.test('docs/conformance.md tells what Headgate does with each case; else: npm run compare -- --write', async (t) => {
  const written = await readFile(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
  const subject = await startHeadgate(LANES);
  t.teardown(() => subject.stop());
  const rows = headgateRows(await judge(subject));
  const told = written.split('\n').filter((line) => line.startsWith('| '));
  t.equal(new Set(rows.map((row) => row.split(' | ')[0])).size, rows.length, 'no two cases have one name');
  t.same(
    rows.filter((row) => !told.some((line) => line.startsWith(row))),
    [],
    'each case is in the table as it is',
  );
  const headings = told.filter((line) => /^\| (Case \||\||(requests|responses) refused)/.test(line)).length;
  t.equal(told.length - headings, rows.length, 'and no other');
});
