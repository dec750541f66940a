import type { Round } from './measure.ts';

/** All rounds of one peer. */
export interface Measured {
  readonly name: string;
  readonly rounds: readonly Round[];
  /** MiB. */
  readonly peakRss: number;
}

/** A markdown table. The ratio to `reference` is taken within each round, because the speed of a host drifts between them. */
export function table(results: readonly Measured[], reference: string): string {
  const base = results.find(({ name }) => name === reference)?.rounds ?? [];
  const rows = results.map(({ name, rounds, peakRss }) => {
    const cpu = rounds.map((round) => round.cpu);
    const ratios = rounds.flatMap((round, index) => {
      const other = base[index];
      return other === undefined ? [] : [round.cpu / other.cpu];
    });
    const user = median(rounds.map((round) => round.user)).toFixed(1);
    const rate = Math.round(median(rounds.map((round) => round.requestsPerSecond)));
    return [name, spread(cpu, 1), ratios.length === 0 ? '-' : spread(ratios, 2), user, rate, peakRss.toFixed(0)];
  });
  const head = ['Proxy', 'CPU us/request', `ratio to ${reference}`, 'of it user', 'requests/s', 'peak RSS MiB'];
  return [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Median, with least and greatest in parentheses. */
function spread(values: readonly number[], digits: number): string {
  const least = Math.min(...values).toFixed(digits);
  const greatest = Math.max(...values).toFixed(digits);
  return `${median(values).toFixed(digits)} (${least}-${greatest})`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}
