import { type Counted, sum, sumRange, sums } from './blocks.ts';
import { DURATION_BIN_COUNT } from './duration-bins.ts';
import type { SeriesLabels } from './keys.ts';
import { DURATION_BINS, DURATION_BOUNDS, DURATION_BUCKETS, DURATION_SUM } from './layout.ts';
import { binQuantile, countAttempts, readAttempts } from './reading.ts';

/** Steps that are remembered: five minutes. */
export const STEPS = 150;
/** Steps that the figures of "now" are made of, and quantiles are known for: 30 seconds. */
export const WINDOW_STEPS = 15;

/** The quantiles that are kept step by step. */
export const QUANTILES = [0.5, 0.95, 0.99] as const;

/** Durations of one step: bin indexes and how many fell into each. Most bins stay empty. */
interface StepBins {
  readonly index: Uint16Array;
  readonly count: Uint32Array;
}

/** A series of the version (one for each role that it has had), and what of it has been seen. */
interface Source {
  readonly counted: Counted<SeriesLabels>;
  /** The quick look that tells whether anything has happened. */
  activity: number;
  requests: number;
  attempts: number;
  failures: number;
  /** What had been counted before the newest step with traffic. */
  requestsBefore: number;
  /** Modulo 2^32: differences are exact. Null: they have not been read, or not after each step. */
  bins: Uint32Array | null;
}

/** Rings of STEPS, at the place `step % STEPS`. */
interface Rings {
  readonly requests: Float32Array;
  readonly attempts: Float32Array;
  readonly failures: Float32Array;
  /** Seconds, in the order of QUANTILES; NaN where nothing ended. */
  readonly quantiles: readonly Float32Array[];
  /** Of WINDOW_STEPS, at the place `step % WINDOW_STEPS`. */
  readonly bins: (StepBins | null)[];
  /** The newest step with traffic. */
  busyAt: number;
}

const SLOTS = DURATION_BOUNDS.length + 1;
/** Scratch of the sampler: one thread, one step at a time. */
const stepBins = new Float64Array(DURATION_BIN_COUNT);
const now = new Float64Array(DURATION_BIN_COUNT);

/**
 * What became of one version in the last minutes, step by step. It costs a few reads a step while nothing happens, and memory
 * only where something has: 4 kB, and where its durations are read 6 more, and 6 bytes for each bin that was hit in a step of
 * the window.
 */
export class RecentVersion {
  readonly labels: SeriesLabels;
  #sources: Source[] = [];
  #rings: Rings | null = null;

  constructor(labels: SeriesLabels) {
    this.labels = labels;
  }

  /** The series that there are of it now. One that is new is counted from 0: it was made after the step before. */
  setSources(all: readonly Counted<SeriesLabels>[]): void {
    this.#sources = all.map((counted) => {
      const known = this.#sources.find((source) => source.counted === counted);
      return known ?? { counted, activity: 0, requests: 0, requestsBefore: 0, attempts: 0, failures: 0, bins: null };
    });
  }

  /** The blocks of every series, for gauges. */
  get counted(): readonly Counted<SeriesLabels>[] {
    return this.#sources.map(({ counted }) => counted);
  }

  /** Nothing is remembered of it. */
  get idle(): boolean {
    return this.#rings === null;
  }

  /**
   * Takes over what has been counted since the step before, durations left out. Steps follow each other without a gap.
   * @returns whether there was anything: then one of `sampleBins` and `skipBins` has to follow
   */
  sample(step: number): boolean {
    if (this.#rings !== null) clear(this.#rings, step);
    let busy = false;
    for (const source of this.#sources) {
      const activity = activityOf(source.counted);
      source.requestsBefore = source.requests;
      if (activity === source.activity) continue;
      source.activity = activity;
      busy = true;
      this.#rings ??= newRings();
      this.#rings.busyAt = step;
      addCounts(source, this.#rings, step);
    }
    if (this.#rings !== null && step - this.#rings.busyAt >= STEPS) this.#rings = null;
    return busy;
  }

  /** The durations of the step that `sample` has taken over. */
  sampleBins(step: number): void {
    if (this.#rings === null) return;
    stepBins.fill(0);
    let any = false;
    for (const source of this.#sources) {
      if (source.requests === source.requestsBefore) continue;
      const first = source.bins === null;
      source.bins ??= new Uint32Array(DURATION_BIN_COUNT);
      // Of one that was not read from its beginning, what there is now is where reading begins.
      const known = !first || source.requestsBefore === 0;
      addBins(source.counted, source.bins, known);
      any ||= known;
    }
    if (!any) return;
    const place = step % STEPS;
    for (const [i, q] of QUANTILES.entries())
      this.#rings.quantiles[i]?.fill(binQuantile(stepBins, q), place, place + 1);
    this.#rings.bins[step % WINDOW_STEPS] = sparse(stepBins);
  }

  /** Instead of `sampleBins`: nobody looks. */
  skipBins(): void {
    for (const source of this.#sources) if (source.requests !== source.requestsBefore) source.bins = null;
  }

  /** Sums over the steps from `first` to `last`, which are at most STEPS apart. */
  total(ring: 'requests' | 'attempts' | 'failures', first: number, last: number): number {
    if (this.#rings === null) return 0;
    let total = 0;
    for (let step = first; step <= last; step++) total += this.#rings[ring][step % STEPS] ?? 0;
    return total;
  }

  /** One number a step, in the order of the steps. */
  series(ring: 'requests' | 'attempts' | 'failures', first: number, last: number): number[] {
    return slice(this.#rings?.[ring], first, last, 0);
  }

  /** Seconds a step, in the order of the steps; NaN where nothing ended. `index`: in QUANTILES. */
  quantileSeries(index: number, first: number, last: number): number[] {
    return slice(this.#rings?.quantiles[index], first, last, Number.NaN);
  }

  /** Seconds for each of QUANTILES over the newest steps of the window; NaN without data. */
  quantiles(): number[] {
    stepBins.fill(0);
    for (const step of this.#rings?.bins ?? []) {
      for (let i = 0; i < (step?.index.length ?? 0); i++) {
        const bin = step?.index[i] ?? 0;
        stepBins[bin] = (stepBins[bin] ?? 0) + (step?.count[i] ?? 0);
      }
    }
    return QUANTILES.map((q) => binQuantile(stepBins, q));
  }
}

function newRings(): Rings {
  return {
    requests: new Float32Array(STEPS),
    attempts: new Float32Array(STEPS),
    failures: new Float32Array(STEPS),
    quantiles: QUANTILES.map(() => new Float32Array(STEPS).fill(Number.NaN)),
    bins: Array.from({ length: WINDOW_STEPS }, () => null),
    busyAt: 0,
  };
}

function addCounts(source: Source, rings: Rings, step: number): void {
  const { counted } = source;
  const requests = sumRange(counted, DURATION_BUCKETS, SLOTS);
  const { attempts, failures } = readAttempts(counted);
  const place = step % STEPS;
  put(rings.requests, place, requests - source.requests);
  put(rings.attempts, place, attempts - source.attempts);
  put(rings.failures, place, failures - source.failures);
  source.requests = requests;
  source.attempts = attempts;
  source.failures = failures;
}

function clear(rings: Rings, step: number): void {
  const place = step % STEPS;
  rings.requests[place] = 0;
  rings.attempts[place] = 0;
  rings.failures[place] = 0;
  for (const ring of rings.quantiles) ring[place] = Number.NaN;
  rings.bins[step % WINDOW_STEPS] = null;
}

function put(ring: Float32Array, place: number, amount: number): void {
  ring[place] = (ring[place] ?? 0) + amount;
}

/** The sum of durations tells of every request that took any time at all, in one slot instead of a histogram's. */
function activityOf(counted: Counted<unknown>): number {
  return sum(counted, DURATION_SUM) + countAttempts(counted);
}

/** Notes what is in the bins of all workers; adds what is new in them to `stepBins` where what was noted before is `known`. */
function addBins(counted: Counted<unknown>, seen: Uint32Array, known: boolean): void {
  sums(counted, DURATION_BINS, now);
  for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) {
    const count = (now[bin] ?? 0) >>> 0;
    const before = seen[bin] ?? 0;
    if (count === before) continue;
    if (known) stepBins[bin] = (stepBins[bin] ?? 0) + ((count - before) >>> 0);
    seen[bin] = count;
  }
}

function sparse(bins: Float64Array): StepBins {
  let used = 0;
  for (const count of bins) if (count > 0) used += 1;
  const [index, count] = [new Uint16Array(used), new Uint32Array(used)];
  let i = 0;
  for (const [bin, value] of bins.entries()) {
    if (value === 0) continue;
    index[i] = bin;
    count[i] = value;
    i += 1;
  }
  return { index, count };
}

function slice(ring: Float32Array | undefined, first: number, last: number, missing: number): number[] {
  const result: number[] = [];
  for (let step = first; step <= last; step++) result.push(ring?.[step % STEPS] ?? missing);
  return result;
}
