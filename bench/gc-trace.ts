import type { TargetRow } from './section.ts';

const LONGEST_PAUSE_MS = 10;

/** One collection of one thread's heap, as V8 tells it. */
export interface Collection {
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

/** A process's collections in a stretch of time. */
export interface Collections {
  readonly main: readonly Collection[];
  readonly worker: readonly Collection[];
}

/**
 * Reads what a process with one worker prints under `--trace-gc`; other lines are passed over.
 * @param output since the process began: the main thread is the one that collects first.
 * @param from where in it the stretch of time begins.
 */
export function collections(output: string, from: number): Collections {
  const main = output.matchAll(LINE).next().value?.[1];
  const all = [...output.slice(from).matchAll(LINE)];
  return {
    main: all.filter(([, heap]) => heap === main).map(collection),
    worker: all.filter(([, heap]) => heap !== main).map(collection),
  };
}

function collection([, , kind = '', pause = '', rest = '']: RegExpExecArray): Collection {
  const [, all = '0', biggest = '0'] = STEPS.exec(rest) ?? [];
  return { kind, longest: Math.max(Number(pause), Number(biggest)), total: Number(pause) + Number(all) };
}

/** How long the two threads stood still within `seconds`, as a list. */
export function pausesList({ main, worker }: Collections, seconds: number): string {
  return `- The worker: ${pausesLine(worker, seconds)}
- The main thread, which no request waits for: ${pausesLine(main, seconds)}`;
}

function pausesLine(all: readonly Collection[], seconds: number): string {
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
export function pauseTarget(when: string, { worker }: Collections): TargetRow {
  const measured = longest(worker);
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
