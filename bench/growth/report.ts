import { quantile } from '../scale/quantile.ts';
import type { MicroResult } from './micro-study.ts';

/** Markdown: what choosing costs, in nanoseconds a request. */
export function microTable(results: readonly MicroResult[]): string {
  const rows = results.flatMap(({ of, samples }) =>
    of.sizes.map(({ name }, i) => {
      const own = samples[i] ?? [];
      const more = least(own) - least(samples[0] ?? []);
      return [of.name, name, least(own).toFixed(0), quantile(own, 0.5).toFixed(0), i === 0 ? '' : signed(more)];
    }),
  );
  return table(['What grows', 'to', 'ns, least', 'median', 'more than the smallest'], rows);
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(0)}`;
}

/** The first two columns are words, the others figures. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column < 2 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
