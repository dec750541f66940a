import type { Study } from './studies.ts';
import type { Result } from './study.ts';

/** The table of a study: scenarios across where the watchers are many, so that it can be read. */
export function table({ title, cells, scenarios }: Study, results: readonly Result[]): string {
  const watchers = [...new Set(results.map(({ watcher }) => watcher))];
  const lines = [`### ${title}`, '', `| | ${scenarios.map(({ name }) => name).join(' | ')} |`];
  lines.push(`|---|${scenarios.map(() => '---:|').join('')}`);
  for (const watcher of watchers) {
    const row = scenarios.map(({ name }) => {
      const found = results.find((result) => result.watcher === watcher && result.scenario === name);
      return found === undefined ? '' : cell(found, cells);
    });
    lines.push(`| ${watcher} | ${row.join(' | ')} |`);
  }
  return lines.join('\n');
}

function cell(result: Result, cells: Study['cells']): string {
  const { rollouts, alarms, early, median, ninetieth } = result;
  const found = share(alarms, rollouts);
  if (cells === 'share') return found;
  const wrong = early > 0 ? `, ${share(early, rollouts)} before` : '';
  return `${requests(median)} / ${requests(ninetieth)} (${found}${wrong})`;
}

function share(part: number, of: number): string {
  return `${((100 * part) / of).toFixed(part === 0 || part === of ? 0 : 2)} %`;
}

function requests(count: number): string {
  return Number.isFinite(count) ? count.toLocaleString('en-US') : 'never';
}
