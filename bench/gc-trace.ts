import type { TargetRow } from './section.ts';

const LONGEST_PAUSE_MS = 10;

/** One collection of one thread's heap, as V8 tells it. */
export interface Collection {
  /** Address of the heap: one a thread. The main thread's is the first that collects. */
  readonly heap: string;
  readonly kind: string;
  /** The longest time that the thread stood still for it, milliseconds. */
  readonly longest: number;
  /** All time that the thread stood still for it, milliseconds. */
  readonly total: number;
}

const LINE =
  /^\[\d+:(0x[0-9a-f]+)\] +\d+ ms: (.*?) \d+\.\d+ \(.*? MB, (?:pooled: .*? MB, )?(\d+\.\d+) \/ \d+\.\d+ ms(.*)$/gm;
/** What was done beforehand, a step at a time. */
const STEPS = /\(\+ (\d+\.\d+) ms in \d+ steps since start of marking, biggest step (\d+\.\d+) ms/;

/** Reads what Node.js prints under `--trace-gc`; other lines are passed over. */
export function collections(output: string): readonly Collection[] {
  return [...output.matchAll(LINE)].map(([, heap = '', kind = '', pause = '', rest = '']) => {
    const [, all = '0', biggest = '0'] = STEPS.exec(rest) ?? [];
    return {
      heap,
      kind,
      longest: Math.max(Number(pause), Number(biggest)),
      total: Number(pause) + Number(all),
    };
  });
}

/** One line on all of them: how long the process's threads stood still within `seconds`. */
export function pausesLine(all: readonly Collection[], seconds: number): string {
  if (all.length === 0) return 'not one collection.';
  const total = all.reduce((sum, { total }) => sum + total, 0);
  const share = ((100 * total) / (seconds * 1000)).toFixed(2);
  const counts = Object.entries(Object.groupBy(all, ({ kind }) => kind));
  const kinds = counts.map(
    ([kind, some]) => `${some?.length ?? 0} x ${kind} (at most ${longest(some ?? []).toFixed(1)} ms)`,
  );
  return `${kinds.join(', ')}; ${total.toFixed(0)} ms in all, ${share} % of the time.`;
}

/** The target for what a client can feel. */
export function pauseTarget(when: string, all: readonly Collection[]): TargetRow {
  const measured = longest(all);
  return {
    what: `Longest pause for garbage ${when}`,
    toBeat: `at most ${LONGEST_PAUSE_MS} ms`,
    measured: `${measured.toFixed(1)} ms`,
    met: measured <= LONGEST_PAUSE_MS,
  };
}

function longest(all: readonly Collection[]): number {
  return Math.max(0, ...all.map(({ longest }) => longest));
}
