import type { Shape } from './objects.ts';
import { quantile } from './quantile.ts';

export interface Round {
  readonly events: number;
  /** Of the main thread, as a share of one core. */
  readonly cpu: number;
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface Figures {
  readonly shape: Shape;
  /** From the start of the process to ready. */
  readonly syncMs: number;
  /** MB. */
  readonly rssAfterSync: number;
  readonly rssAtEnd: number;
  /** Milliseconds. */
  readonly tableDelays: readonly number[];
  readonly endpointDelays: readonly number[];
  /** The same load and the same work for the API server; only in `watched` the events reach Headgate. */
  readonly rounds: readonly { readonly quiet: Round; readonly watched: Round }[];
}

/** Markdown. */
export function report({
  shape,
  syncMs,
  rssAfterSync,
  rssAtEnd,
  tableDelays,
  endpointDelays,
  rounds,
}: Figures): string {
  const pods = shape.rollouts * shape.podsOfEach;
  const rows: [string, string][] = [
    ['start of the process to ready', `${(syncMs / 1000).toFixed(2)} s`],
    ['resident memory after it, and at the end', `${rssAfterSync.toFixed(0)} MB, ${rssAtEnd.toFixed(0)} MB`],
    ['event of a Rollout to the requests, median, p95, worst', delays(tableDelays)],
    ['event of a Pod to the requests, median, p95, worst', delays(endpointDelays)],
    [
      'main thread at rest, and at 50 events of Pods a second',
      `${percent(median(rounds, 'quiet', 'cpu'))}, ${percent(median(rounds, 'watched', 'cpu'))} of a core`,
    ],
    [
      'p50 of requests at rest, and with the events',
      `${ms(median(rounds, 'quiet', 'p50'))}, ${ms(median(rounds, 'watched', 'p50'))}`,
    ],
    [
      'p99 of requests at rest, and with the events',
      `${ms(median(rounds, 'quiet', 'p99'))}, ${ms(median(rounds, 'watched', 'p99'))}`,
    ],
    [
      'ratio of the p99, each round',
      rounds.map(({ quiet, watched }) => (watched.p99 / quiet.p99).toFixed(2)).join(', '),
    ],
    ['requests, failed', `${total(rounds, 'requests')}, ${total(rounds, 'failed')}`],
  ];
  return [
    `# ${shape.rollouts} Rollouts, ${pods} Pods`,
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
  ].join('\n');
}

function delays(values: readonly number[]): string {
  return [0.5, 0.95, 1].map((q) => ms(quantile(values, q))).join(', ');
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function median(rounds: Figures['rounds'], side: 'quiet' | 'watched', of: 'cpu' | 'p50' | 'p99'): number {
  return quantile(
    rounds.map((round) => round[side][of]),
    0.5,
  );
}

function total(rounds: Figures['rounds'], of: 'requests' | 'failed'): number {
  return rounds.reduce((sum, { quiet, watched }) => sum + quiet[of] + watched[of], 0);
}
