import { readFileSync } from 'node:fs';
import t from 'tap';

/** What `npm run bench:analysis -- --write` wrote. */
function results(file: string): string {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  return /<!-- results:[^>]*-->\n(.*)<!-- end of results -->/s.exec(text)?.[1] ?? '';
}

t.test('docs/statistics.md has the tables of the last run', async (t) => {
  t.equal(results('docs/statistics.md'), results('bench/analysis/RESULTS.md'));
});

t.test('in them no verdict has more than 5 % of false alarms', async (t) => {
  let cells = 0;
  for (const part of results('bench/analysis/RESULTS.md').split('### ')) {
    if (!/^(False alarms|The canary one point worse)/.test(part)) continue;
    for (const row of part.matchAll(/^\| (?:verdict|fails|passes),[^|]*\|(.*)\|$/gm)) {
      for (const cell of row[1]?.split('|') ?? []) {
        cells += 1;
        t.ok(Number.parseFloat(cell) <= 5, `${row[0]}: ${cell}`);
      }
    }
  }
  t.ok(cells >= 30, `${cells} cells`);
});
