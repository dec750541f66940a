import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../judge/finding.ts';
import { showsSplit } from '../judge/shows-split.ts';
import type { Split } from '../judge/split.ts';
import type { TimeWindow } from '../judge/time-window.ts';
import { now } from '../load/clock.ts';
import type { Stream } from '../load/stream.ts';
import { answeredBy } from './answered-by.ts';
import type { HeadgateDeployment, Table } from './headgate-deployment.ts';
import type { Expectation } from './traffic.ts';

const LIMIT_MS = 5_000;

/** The same demands as those on answers, on the tables: what every replica would do with a request. */
export class TableCheck {
  readonly findings: Finding[] = [];
  readonly #headgate: HeadgateDeployment;
  readonly #limitMs: number;

  constructor(headgate: HeadgateDeployment, limitMs = LIMIT_MS) {
    this.#headgate = headgate;
    this.#limitMs = limitMs;
  }

  /** What the tables do not show within 5 s is a finding. */
  async expect(
    name: string,
    all: readonly Stream[],
    { weights, streams, headers = {} }: Expectation,
  ): Promise<TimeWindow> {
    const from = now();
    const split = weights === undefined ? [] : all.filter((stream, i) => streams?.includes(stream.name) ?? i === 0);
    const wrong = (table: Table): readonly string[] => [
      ...split.flatMap((stream) => {
        const right = weights === undefined || isSplit(table, stream, weights);
        return right ? [] : [`stream ${stream.name} is not split ${JSON.stringify(weights)}`];
      }),
      ...all.flatMap((stream) => {
        const hash = headers[stream.name];
        if (hash === undefined) return [];
        const { versions } = answeredBy(table, stream);
        const right = versions.length === 1 && versions[0] === hash;
        return right ? [] : [`stream ${stream.name} goes to ${versions.join(', ') || 'nobody'}, not to ${hash}`];
      }),
    ];
    for (;;) {
      const tables = await this.#headgate.tables();
      const complaints = tables.length === 0 ? ['no replica is ready'] : tables.flatMap(wrong);
      if (complaints.length === 0) break;
      if (now() - from > this.#limitMs) {
        for (const message of new Set(complaints))
          this.findings.push({ demand: 'table', message: `${name}: ${message}` });
        break;
      }
      await sleep(50);
    }
    return { name, from, until: now() };
  }
}

function isSplit(table: Table, stream: Stream, weights: Split): boolean {
  const { route, byHeader, versions } = answeredBy(table, stream);
  if (route === null) return false;
  if (!byHeader) return showsSplit(table, route.name, weights);
  const asked = Object.entries(weights).filter(([, weight]) => weight > 0);
  return (
    asked.length === versions.length &&
    asked.every(([hash, weight]) => versions.includes(hash) && weight === asked[0]?.[1])
  );
}
