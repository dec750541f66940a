import { quantile } from '../scale/quantile.ts';
import { median, spread } from '../spread.ts';
import type { ChangesResult, ChangesRound } from './changes-study.ts';
import type { MicroResult } from './micro-study.ts';
import type { SteadyResult, SteadyRound } from './steady-study.ts';

/** Markdown: what choosing costs, in nanoseconds a request. */
export function microTable(results: readonly MicroResult[]): string {
  const rows = results.flatMap(({ of, samples }) =>
    of.sizes.map(({ name }, i) => {
      const own = samples[i] ?? [];
      const more = least(own) - least(samples[0] ?? []);
      return [of.name, name, least(own).toFixed(0), quantile(own, 0.5).toFixed(0), i === 0 ? '' : signed(more)];
    }),
  );
  return table(['What grows', 'to', 'ns, least', 'median', 'more than the smallest'], 2, rows);
}

/** Markdown: CPU microseconds a whole request, and the ratio to the smallest within each round. */
export function steadyTable(results: readonly SteadyResult[]): string {
  const rows = results.map(({ name, rounds }) => {
    const of = (part: keyof SteadyRound): string[] => [
      spread(
        rounds.map(({ grown }) => grown[part]),
        1,
      ),
      spread(
        rounds.map(({ grown, base }) => grown[part] / base[part]),
        2,
      ),
    ];
    return [name, ...of('worker'), ...of('process'), ...of('user')];
  });
  return table(['What is larger', 'worker us', 'ratio', 'process us', 'ratio', 'of it user', 'ratio'], 1, rows);
}

/** Markdown: what changes do to the requests meanwhile. */
export function changesTable(results: readonly ChangesResult[]): string {
  const rows = results.map(({ name, rounds }) => {
    const each = (part: keyof ChangesRound, write: (value: number) => string): string =>
      STRETCHES.map((stretch) => write(median(rounds.map((round) => round[stretch][part])))).join(', ');
    const p99 = (stretch: 'changing' | 'control') =>
      spread(
        rounds.map((round) => round[stretch].p99 / round.quiet.p99),
        2,
      );
    const failed = rounds.flatMap((round) => STRETCHES.map((stretch) => round[stretch].failed));
    return [
      name,
      each('p50', milliseconds),
      each('p99', milliseconds),
      p99('changing'),
      p99('control'),
      each('worker', percent),
      each('process', percent),
      each('waited', percent),
      String(failed.reduce((sum, one) => sum + one, 0)),
    ];
  });
  return table(
    [
      'What changes',
      'p50 ms quiet, changing, control',
      'p99 ms',
      'ratio of the p99, changing',
      'control',
      'worker, % of a core',
      'process',
      'worker waited for a core, % of the time',
      'failed',
    ],
    1,
    rows,
  );
}

const STRETCHES = ['quiet', 'changing', 'control'] as const;

function milliseconds(value: number): string {
  return value.toFixed(2);
}

function percent(value: number): string {
  return (100 * value).toFixed(1);
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(0)}`;
}

/** @param words how many of the first columns are no figures */
function table(head: readonly string[], words: number, rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column < words ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
