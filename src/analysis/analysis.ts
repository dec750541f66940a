import { setImmediate } from 'node:timers/promises';
import { versionKey } from '../telemetry/version-id.ts';
import { mergedState, mergeWindows } from './merge-windows.ts';
import type { PeerAnswers, Peers } from './peers.ts';
import { type AnalysisQuery, analysisQuery } from './query.ts';
import type { KnownVersion, Recorder } from './recorder.ts';
import { type Subjects, subjectsOf } from './subjects.ts';
import type { Totals } from './totals.ts';
import { CODES, type MetricVerdict, type Verdict, type VerdictName, verdictOf } from './verdict.ts';
import { VerdictCache } from './verdict-cache.ts';
import type { PairWindow } from './window.ts';

/** What `/api/analysis` answers; `null` where there is no number. */
export interface AnalysisAnswer {
  readonly verdict: VerdictName;
  /** 1 pass, 0 inconclusive, -1 fail. */
  readonly code: 1 | 0 | -1;
  /** One sentence that a person can act on. */
  readonly reason: string;
  /** When counting began, ISO 8601; null: it has not. */
  readonly since: string | null;
  /** From then to the end of the last block. */
  readonly seconds: number;
  readonly alpha: number;
  readonly route: string | null;
  readonly candidate: VersionAnswer;
  readonly baseline: VersionAnswer;
  readonly metrics: readonly MetricVerdict[];
  readonly peers: {
    /** Other replicas. */
    readonly asked: number;
    /** Those that were not heard, each with the reason. */
    readonly missing: readonly string[];
  };
}

export interface VersionAnswer extends Totals {
  /** Null: there is none. */
  readonly version: string | null;
  /** What it is now; null: nothing. */
  readonly role: string | null;
}

/** A line of text says what is wrong with the question. */
export type Reply<T> =
  | { readonly status: 200; readonly body: T }
  | { readonly status: 400 | 404; readonly body: string };

export interface AnalysisOptions {
  readonly recorder: Recorder;
  /** Whether there is a routing table. */
  readonly started: () => boolean;
  /** Milliseconds of the recorder's clock. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Null: this is the only replica. */
  readonly peers: Peers | null;
}

const NO_PEERS: PeerAnswers = { asked: 0, missing: [], windows: [] };

/** Judges versions by what was recorded of them. */
export class Analysis {
  readonly #options: AnalysisOptions;
  readonly #cache = new VerdictCache();
  /** Milliseconds since 1970 at which the recorder's clock was 0. Read once: a moment has one date, whatever becomes of the system's clock. */
  readonly #epoch: number;
  #last: Promise<void> = Promise.resolve();

  constructor(options: AnalysisOptions) {
    this.#options = options;
    this.#epoch = options.wallClock() - options.now();
  }

  async answer(parameters: URLSearchParams): Promise<Reply<AnalysisAnswer>> {
    const query = analysisQuery(parameters);
    if (typeof query === 'string') return { status: 400, body: query };
    if (!this.#options.started()) {
      const reason = 'this Headgate has just started and has no routing table yet';
      return ok(undecided(query, { route: null, candidate: null, baseline: null }, reason));
    }
    const subjects = subjectsOf(query, this.#options.recorder.known());
    if (subjects.kind === 'refused') return { status: subjects.status, body: subjects.message };
    if (subjects.kind === 'absent') return ok(undecided(query, subjects, subjects.reason));
    const { peers } = this.#options;
    const heard = peers === null ? NO_PEERS : await peers.ask(subjects.candidate.id, subjects.baseline.id);
    await this.#turn();
    return ok(this.#judged(query, subjects, heard));
  }

  /** One judgement at a time, and whatever else waits for this thread between two of them. */
  #turn(): Promise<void> {
    this.#last = this.#last.then(() => setImmediate());
    return this.#last;
  }

  #judged(query: AnalysisQuery, subjects: Subjects & { kind: 'found' }, heard: PeerAnswers): AnalysisAnswer {
    const { candidate, baseline, route } = subjects;
    const keys = [versionKey(candidate.id), versionKey(baseline.id)] as const;
    const own = this.#options.recorder.window(keys[0])?.pair(...keys);
    const windows = own === undefined ? heard.windows : [own, ...heard.windows];
    const { asked, missing } = heard;
    const peers = { asked, missing };
    const time = this.#time(windows);
    if (time.seconds === 0)
      return { ...undecided(query, subjects, this.#silence(candidate, time.since)), ...time, peers };
    const names = { candidate: candidate.id.version, baseline: baseline.id.version };
    const question = JSON.stringify([
      keys,
      query.metrics,
      query.errorRateMargin,
      query.latencyMargin,
      query.minimumSamples,
      query.alpha,
    ]);
    const now = this.#options.now();
    const judged = this.#cache.get(question, mergedState(windows, now), () =>
      verdictOf(mergeWindows(windows, now), query, names),
    );
    const { verdict, reason } = withoutSome(judged, missing);
    return {
      verdict,
      code: CODES[verdict],
      reason,
      ...time,
      alpha: query.alpha,
      route,
      candidate: versionAnswer(candidate, judged.candidate),
      baseline: versionAnswer(baseline, judged.baseline),
      metrics: judged.metrics,
      peers,
    };
  }

  #time(windows: readonly PairWindow[]): Pick<AnalysisAnswer, 'since' | 'seconds'> {
    if (windows.length === 0) return { since: null, seconds: 0 };
    const start = Math.min(...windows.map((window) => window.start));
    const end = Math.max(...windows.map((window) => window.end ?? start));
    return { since: this.#date(start), seconds: Math.round((end - start) / 100) / 10 };
  }

  /** Why there is nothing to judge by. */
  #silence({ id, role }: KnownVersion, begun: string | null): string {
    const { recorder } = this.#options;
    if (begun !== null) return `counting began at ${begun}: the first block of time has not ended yet`;
    const since = recorder.candidateSince(versionKey(id));
    if (since === null)
      return `${id.version} is ${role ?? 'gone'}, which others are compared with: ask for another candidate`;
    if (recorder.full) return `${id.version} is not recorded: as many versions are compared as may be at a time`;
    return `no request has come to ${id.version} since ${this.#date(since)}`;
  }

  /** @param at of the recorder's clock */
  #date(at: number): string {
    return new Date(Math.round(this.#epoch + at)).toISOString();
  }
}

/** A fail stands whatever others would add; a pass does not. */
function withoutSome({ verdict, reason }: Verdict, missing: readonly string[]): Pick<Verdict, 'verdict' | 'reason'> {
  if (verdict !== 'pass' || missing.length === 0) return { verdict, reason };
  return {
    verdict: 'inconclusive',
    reason: `it would pass, but not every replica was heard: ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', ...' : ''}`,
  };
}

function undecided(
  query: AnalysisQuery,
  { route, candidate, baseline }: Pick<Subjects & { kind: 'absent' }, 'route' | 'candidate' | 'baseline'>,
  reason: string,
): AnalysisAnswer {
  const nothing = verdictOf([], query, { candidate: '', baseline: '' });
  return {
    verdict: 'inconclusive',
    code: CODES.inconclusive,
    reason,
    since: null,
    seconds: 0,
    alpha: query.alpha,
    route,
    candidate: versionAnswer(candidate, nothing.candidate),
    baseline: versionAnswer(baseline, nothing.baseline),
    metrics: nothing.metrics.map((metric) => ({ ...metric, reason })),
    peers: { asked: 0, missing: [] },
  };
}

function versionAnswer(version: KnownVersion | null, totals: Totals): VersionAnswer {
  return { version: version?.id.version ?? null, role: version?.role ?? null, ...totals };
}

function ok(body: AnalysisAnswer): Reply<AnalysisAnswer> {
  return { status: 200, body };
}
