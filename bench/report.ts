import { NOISY_PERCENT, type Round } from './measure.ts';
import type { TargetRow } from './section.ts';
import { median, spread } from './spread.ts';
import { LARGE, type Workload } from './workload.ts';

/** All rounds of one peer. */
export interface Measured {
  readonly name: string;
  readonly rounds: readonly Round[];
  /** MiB. */
  readonly peakRss: number;
}

export const REFERENCE = 'nginx';
const SUBJECT = 'headgate';

/** The table of one workload. */
export function workloadTable(results: readonly Measured[], workload: Workload): string {
  const rows = results.map((measured) => {
    const { name, rounds, peakRss } = measured;
    const ratios = ratiosTo(results, measured, REFERENCE);
    return [
      name,
      spread(cpuOf(rounds), 1),
      ratios.length === 0 ? '-' : spread(ratios, 2),
      median(rounds.map((round) => round.user)).toFixed(1),
      median(rounds.map((round) => round.requestsPerSecond)).toFixed(0),
      peakRss.toFixed(0),
    ];
  });
  const unit = workload.answer === LARGE ? 'MB' : 'request';
  const head = ['Proxy', `CPU us/${unit}`, `ratio to ${REFERENCE}`, 'of it user', 'requests/s', 'peak RSS MiB'];
  return table(head, rows);
}

/** How quiet the machine was: what others took of the proxy's core while the peers were timed. */
export function quietness(results: readonly Measured[]): string {
  const others = results.flatMap(({ rounds }) => rounds.map((round) => round.others));
  if (others.length === 0) return '';
  const doubt = median(others) > NOISY_PERCENT ? ': **not quiet, so the figures are rough**' : '';
  return `Others took ${spread(others, 0)} % of the proxy's core${doubt}.`;
}

/** The targets of a workload whose peers were there. */
export function ratioTargets(results: readonly Measured[], { title, targets }: Workload): readonly TargetRow[] {
  const subject = results.find(({ name }) => name === SUBJECT);
  if (subject === undefined) return [];
  return targets.flatMap(({ against, atMost }) => {
    const ratios = ratiosTo(results, subject, against);
    if (ratios.length === 0) return [];
    const toBeat = `at most ${atMost} x ${against}`;
    return [{ what: title, toBeat, measured: spread(ratios, 2), met: median(ratios) <= atMost }];
  });
}

/** The first table of the report; empty when the run had no targets. */
export function targetTable(rows: readonly TargetRow[]): string {
  if (rows.length === 0) return '';
  const head = ['Workload', 'to beat', 'measured', 'met'];
  return table(
    head,
    rows.map(({ what, toBeat, measured, met }) => [what, toBeat, measured, met ? 'yes' : '**no**']),
  );
}

/** A table in markdown; all but the first column are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Within each round, because the speed of a host drifts between them. Empty when the other was not there. */
function ratiosTo(results: readonly Measured[], { rounds }: Measured, other: string): readonly number[] {
  const base = results.find(({ name }) => name === other)?.rounds ?? [];
  return rounds.flatMap((round, index) => {
    const beside = base[index];
    return beside === undefined ? [] : [round.cpu / beside.cpu];
  });
}

function cpuOf(rounds: readonly Round[]): readonly number[] {
  return rounds.map((round) => round.cpu);
}
