import type { Row } from './judge.ts';

const HEADINGS = [
  'scenario',
  'requests',
  'failed',
  'faults',
  'repeated',
  'worst share (accepted)',
  'header misses',
  'late',
  'splits',
  'split after, median / p95 / max (ms)',
  'latency p50 / p99 (ms)',
] as const;

/** Columns padded for a terminal; numbers to the right. */
export function textTable(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(rows: readonly Row[]): string {
  const rule = HEADINGS.map((_, column) => (column === 0 ? '---' : '---:'));
  return [HEADINGS, rule, ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cells(row: Row): readonly string[] {
  const { scenario, requests, failed, faults, repeated, headerMisses, late, splits } = row;
  const convergence = [row.convergenceMedian, row.convergenceP95, row.convergenceMax];
  return [
    scenario,
    ...[requests, failed, faults, repeated].map(String),
    share(row.worstShare),
    ...[headerMisses, late, splits].map(String),
    convergence.map(milliseconds).join(' / '),
    [row.latencyP50, row.latencyP99].map(milliseconds).join(' / '),
  ];
}

/** What the version got, what it should have got, and the accepted shares: `24.2 for 25 % (20.1 to 30.2)`. */
function share(worst: Row['worstShare']): string {
  if (worst === null) return '-';
  const percent = (count: number) => ((100 * count) / worst.requests).toFixed(1);
  const expected = Number((100 * worst.expected).toFixed(1));
  return `${percent(worst.count)} for ${expected} % (${percent(worst.low)} to ${percent(worst.high)})`;
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 1 : 0);
}
