import { failureOf } from '../judge/failures.ts';
import { TOLERANCE_MS } from '../judge/tolerance.ts';
import type { UsableInterval } from '../judge/usable-interval.ts';
import { judgeUsablePods } from '../judge/usable-pods.ts';
import { now } from '../load/clock.ts';
import type { Load } from '../load/load.ts';
import type { RequestRecord } from '../load/request-record.ts';

/** From that moment on (200 ms apart) this version, and no other, answers these streams. */
export interface VersionDemand {
  readonly streams: readonly string[];
  readonly hash: string;
  readonly from: number;
}

export interface Figures {
  readonly requests: number;
  /** By stream. */
  readonly failed: Readonly<Record<string, number>>;
  /** Answered, by a version that should not have. */
  readonly wrong: number;
  /** How often a stream that belongs to one version went from one to another between two of its requests. */
  readonly turns: number;
  /** Received by a Pod more than 200 ms after it stopped being usable. */
  readonly late: number;
}

/** What a load has seen. */
type Answered = Pick<Load, 'records'>;

interface Round {
  readonly from: number;
  readonly until: number;
  readonly demands: readonly VersionDemand[];
}

/** The same load on several routers, and what each made of the same situations. */
export class Contrast {
  readonly #sides: ReadonlyMap<string, Answered>;
  readonly #situations = new Map<string, Round[]>();

  /** By what the router goes by. */
  constructor(sides: Readonly<Record<string, Answered>>) {
    this.#sides = new Map(Object.entries(sides));
  }

  /** Begins a round of a situation; the function that is returned ends it. */
  begin(situation: string): (demands: readonly VersionDemand[]) => void {
    const from = now();
    return (demands) => {
      const rounds = this.#situations.get(situation) ?? [];
      rounds.push({ from, until: now(), demands });
      this.#situations.set(situation, rounds);
    };
  }

  /** The figures of all rounds together, once the loads have ended. */
  figures(situation: string, side: string, pods: readonly UsableInterval[]): Figures {
    const records = this.#sides.get(side)?.records.toSorted((a, b) => a.sentAt - b.sentAt) ?? [];
    const failed = Object.fromEntries(this.#streams().map((stream) => [stream, 0]));
    const sum = { requests: 0, failed, wrong: 0, turns: 0, late: 0 };
    for (const { from, until, demands } of this.#situations.get(situation) ?? []) {
      const within = records.filter(({ sentAt }) => sentAt >= from && sentAt < until);
      sum.requests += within.length;
      for (const record of within)
        if (failureOf(record) !== null) failed[record.stream] = (failed[record.stream] ?? 0) + 1;
      sum.late += judgeUsablePods(within, pods).late;
      for (const { streams, hash, from: since } of demands) {
        for (const stream of streams) {
          const bound = answered(within, stream, since + TOLERANCE_MS);
          sum.wrong += bound.filter((record) => record.hash !== hash).length;
          sum.turns += bound.filter((record, index) => index > 0 && record.hash !== bound[index - 1]?.hash).length;
        }
      }
    }
    return sum;
  }

  /** Markdown, with a row for each situation and router. */
  table(pods: readonly UsableInterval[]): readonly string[] {
    const streams = this.#streams();
    const failures = streams.map((stream) => `failed (${stream})`);
    const headings = ['situation', 'routed by', 'requests', ...failures, 'wrong version', 'turns', 'to ended Pods'];
    const rows = [...this.#situations].flatMap(([situation, rounds]) =>
      [...this.#sides.keys()].map((side) => {
        const { requests, failed, wrong, turns, late } = this.figures(situation, side, pods);
        const name = `${situation} (${rounds.length}x)`;
        return [name, side, requests, ...streams.map((stream) => failed[stream] ?? 0), wrong, turns, late];
      }),
    );
    const rule = headings.map((_, column) => (column < 2 ? '---' : '---:'));
    return [headings, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  }

  #streams(): readonly string[] {
    return [...new Set([...this.#sides.values()].flatMap(({ records }) => records.map(({ stream }) => stream)))].sort();
  }
}

function answered(records: readonly RequestRecord[], stream: string, from: number): readonly RequestRecord[] {
  return records.filter((record) => record.stream === stream && record.sentAt >= from && failureOf(record) === null);
}
