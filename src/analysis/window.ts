import type { Counted } from '../telemetry/blocks.ts';
import { DURATION_BIN_COUNT } from '../telemetry/duration-bins.ts';
import { type Reading, readCounts } from '../telemetry/reading.ts';
import { versionKey } from '../telemetry/version-id.ts';
import { blockEnd } from './block-bounds.ts';
import { NO_SAMPLE, type PackedSamples, packSamples, unpackSamples } from './packed-samples.ts';
import type { VersionSeries } from './series-by-version.ts';
import type { Block, Sample } from './statistics/block.ts';

/** What all versions of a route did in one block of time. */
export interface RecordedBlock {
  /** Milliseconds of the recorder's clock. */
  readonly end: number;
  /** In the order in which the window got to know the versions. */
  readonly samples: PackedSamples;
}

/** What two of them did. */
export interface PairBlock extends Block {
  /** Milliseconds of the recorder's clock. */
  readonly end: number;
}

/** What was recorded of two versions, here or by another replica. */
export interface PairWindow {
  /** No other window has it. */
  readonly name: string;
  /** Of its blocks. */
  readonly count: number;
  /** Milliseconds of the recorder's clock. */
  readonly start: number;
  /** Of the last block; null: there is none yet. */
  readonly end: number | null;
  /** In the order of their ends. */
  readonly pairs: () => PairBlock[];
}

/** @param places of the candidate and of the baseline */
export function pairBlock(end: number, packed: PackedSamples, places: readonly [number, number]): PairBlock {
  const [candidate = NO_SAMPLE, baseline = NO_SAMPLE] = unpackSamples(packed, places);
  return { end, candidate, baseline };
}

/** Readings that the windows of one tick share. */
export type Read = (series: Counted<unknown>) => Reading;

/** Reads each series once, however often it is asked for. */
export function readOnce(): Read {
  const readings = new Map<Counted<unknown>, Reading>();
  return (series) => {
    let reading = readings.get(series);
    if (reading === undefined) {
      reading = readCounts(series);
      readings.set(series, reading);
    }
    return reading;
  };
}

let windows = 0;

/** A candidate's life: from its first request on, block by block, what every version of its route did. */
export class Window {
  /** Of this process, so that another replica can tell a new one from one that it knows. */
  readonly id = ++windows;
  /** Milliseconds of the recorder's clock. */
  readonly start: number;
  readonly blocks: RecordedBlock[] = [];
  /** Of its samples. */
  bytes = 0;
  readonly #places = new Map<string, number>();
  /** What had been read of each series when the last block ended; a series that is not here has begun since. */
  #last = new Map<Counted<unknown>, Reading>();
  #end: number;

  /**
   * @param before what the candidate's series held when its life began; they are 0 where they are not in it. All other
   * series count from now on
   */
  constructor(
    now: number,
    route: readonly VersionSeries[],
    own: ReadonlySet<Counted<unknown>>,
    before: ReadonlyMap<Counted<unknown>, Reading>,
    read: Read,
  ) {
    this.start = now;
    this.#end = blockEnd(now, now);
    for (const { series } of route) {
      for (const one of series) {
        const from = own.has(one) ? before.get(one) : read(one);
        if (from !== undefined) this.#last.set(one, from);
      }
    }
  }

  /** Ends the block if its time has come. */
  tick(now: number, route: readonly VersionSeries[], read: Read): void {
    if (now < this.#end) return;
    const last = new Map<Counted<unknown>, Reading>();
    const samples: (Sample | undefined)[] = [];
    for (const { id, series } of route) {
      samples[this.#place(versionKey(id))] = difference(
        series.map((one) => {
          const reading = read(one);
          last.set(one, reading);
          return [reading, this.#last.get(one)] as const;
        }),
      );
    }
    this.#last = last;
    const packed = packSamples(Array.from(samples));
    this.blocks.push({ end: now, samples: packed });
    this.bytes += packed.length;
    // A process that was held up for long goes on with the bounds that it would have had.
    while (this.#end <= now) this.#end = blockEnd(this.start, this.#end);
  }

  /** What two versions did. @param candidate see `versionKey`, as `baseline` */
  pair(candidate: string, baseline: string): PairWindow {
    return {
      name: String(this.id),
      count: this.blocks.length,
      start: this.start,
      end: this.blocks.at(-1)?.end ?? null,
      pairs: () => this.#pairs(candidate, baseline, 0),
    };
  }

  /** The same as bytes, the candidate's sample first, from block number `from` on. */
  packedPairs(candidate: string, baseline: string, from: number): RecordedBlock[] {
    return this.#pairs(candidate, baseline, from).map((block) => ({
      end: block.end,
      samples: packSamples([block.candidate, block.baseline]),
    }));
  }

  #pairs(candidate: string, baseline: string, from: number): PairBlock[] {
    const places = [this.#places.get(candidate) ?? -1, this.#places.get(baseline) ?? -1] as const;
    return this.blocks.slice(from).map(({ end, samples }) => pairBlock(end, samples, places));
  }

  #place(key: string): number {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(key, place);
    }
    return place;
  }
}

/** What was counted between two readings, over all roles of a version. */
function difference(readings: readonly (readonly [now: Reading, before: Reading | undefined])[]): Sample {
  let attempts = 0;
  let failures = 0;
  for (const [now, before] of readings) {
    attempts += now.attempts - (before?.attempts ?? 0);
    failures += now.failures - (before?.failures ?? 0);
  }
  const counted = new Float64Array(DURATION_BIN_COUNT);
  for (const [now, before] of readings) {
    for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) {
      const count = (now.bins[bin] ?? 0) - (before?.bins[bin] ?? 0);
      if (count !== 0) counted[bin] = (counted[bin] ?? 0) + count;
    }
  }
  const bins: number[] = [];
  const counts: number[] = [];
  for (let bin = 0; bin < DURATION_BIN_COUNT; bin++) {
    const count = counted[bin] ?? 0;
    if (count <= 0) continue;
    bins.push(bin);
    counts.push(count);
  }
  return { attempts, failures, durations: { bins, counts } };
}
