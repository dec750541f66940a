import type { Block, Counted } from './blocks.ts';
import { DURATION_BIN_COUNT } from './duration-bins.ts';
import type { SeriesLabels } from './keys.ts';
import { ATTEMPT_BASE, ATTEMPT_OUTCOMES, DURATION_BINS, DURATION_BOUNDS, DURATION_BUCKETS } from './layout.ts';
import { binQuantile } from './reading.ts';

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
  /** Requests and attempts together: the quick look that tells whether anything has happened. */
  activity: number;
  requests: number;
  attempts: number;
  ok: number;
  /** Modulo 2^32: differences are exact. Null until there is traffic. */
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
const OK = ATTEMPT_OUTCOMES.indexOf('ok');
/** Scratch of the sampler: one thread, one step at a time. */
const stepBins = new Float64Array(DURATION_BIN_COUNT);

/**
 * What became of one version in the last minutes, step by step. It costs a few reads a step while nothing happens, and memory
 * only where something has: about 9 kB for each busy version, and 6 bytes for each bin that was hit in a step of the window.
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
      return known ?? { counted, activity: 0, requests: 0, attempts: 0, ok: 0, bins: null };
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

  /** Takes over what has been counted since the step before. Steps follow each other without a gap. */
  sample(step: number): void {
    let busy = false;
    for (const source of this.#sources) {
      const activity = activityOf(source.counted);
      if (activity === source.activity) continue;
      source.activity = activity;
      if (!busy) this.#begin(step);
      busy = true;
      this.#add(source, step);
    }
    if (this.#rings === null) return;
    if (busy) this.#end(step, this.#rings);
    else if (step - this.#rings.busyAt >= STEPS) this.#rings = null;
    else clear(this.#rings, step);
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

  /** Seconds for each of QUANTILES over the steps of the window up to `last`; NaN without data. */
  quantiles(last: number): number[] {
    stepBins.fill(0);
    for (const step of this.#rings?.bins ?? []) {
      for (let i = 0; i < (step?.index.length ?? 0); i++) {
        const bin = step?.index[i] ?? 0;
        stepBins[bin] = (stepBins[bin] ?? 0) + (step?.count[i] ?? 0);
      }
    }
    const empty = this.#rings === null || this.total('requests', Math.max(last - WINDOW_STEPS + 1, 0), last) === 0;
    return QUANTILES.map((q) => (empty ? Number.NaN : binQuantile(stepBins, q)));
  }

  #begin(step: number): void {
    this.#rings ??= {
      requests: new Float32Array(STEPS),
      attempts: new Float32Array(STEPS),
      failures: new Float32Array(STEPS),
      quantiles: QUANTILES.map(() => new Float32Array(STEPS).fill(Number.NaN)),
      bins: Array.from({ length: WINDOW_STEPS }, () => null),
      busyAt: step,
    };
    clear(this.#rings, step);
    this.#rings.busyAt = step;
    stepBins.fill(0);
  }

  #add(source: Source, step: number): void {
    const rings = this.#rings;
    if (rings === null) return;
    const { counted } = source;
    const requests = sumSlots(counted, DURATION_BUCKETS, SLOTS);
    const attempts = sumSlots(counted, ATTEMPT_BASE, ATTEMPT_OUTCOMES.length);
    const ok = sumSlots(counted, ATTEMPT_BASE + OK, 1);
    const place = step % STEPS;
    put(rings.requests, place, requests - source.requests);
    put(rings.attempts, place, attempts - source.attempts);
    put(rings.failures, place, attempts - ok - (source.attempts - source.ok));
    source.bins ??= new Uint32Array(DURATION_BIN_COUNT);
    if (requests !== source.requests) addBins(counted, source.bins);
    source.requests = requests;
    source.attempts = attempts;
    source.ok = ok;
  }

  #end(step: number, rings: Rings): void {
    if ((rings.requests[step % STEPS] ?? 0) === 0) return;
    for (const [i, q] of QUANTILES.entries())
      rings.quantiles[i]?.fill(binQuantile(stepBins, q), step % STEPS, (step % STEPS) + 1);
    rings.bins[step % WINDOW_STEPS] = sparse(stepBins);
  }
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

function activityOf(counted: Counted<unknown>): number {
  return sumSlots(counted, DURATION_BUCKETS, SLOTS) + sumSlots(counted, ATTEMPT_BASE, ATTEMPT_OUTCOMES.length);
}

function sumSlots({ blocks }: { readonly blocks: readonly Block[] }, base: number, count: number): number {
  let total = 0;
  for (const block of blocks) for (let slot = base; slot < base + count; slot++) total += block[slot] ?? 0;
  return total;
}

/** Adds what is new in the bins of all workers to `stepBins`. */
function addBins({ blocks }: { readonly blocks: readonly Block[] }, seen: Uint32Array): void {
  for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) {
    let total = 0;
    for (const block of blocks) total += block[DURATION_BINS + bin] ?? 0;
    const now = total >>> 0;
    const before = seen[bin] ?? 0;
    if (now === before) continue;
    stepBins[bin] = (stepBins[bin] ?? 0) + ((now - before) >>> 0);
    seen[bin] = now;
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
