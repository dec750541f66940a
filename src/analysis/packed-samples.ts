import { DURATION_BIN_COUNT } from '../telemetry/duration-bins.ts';
import type { Sample } from './statistics/block.ts';

/** Samples of several versions as bytes, by their places: 200 bytes for two busy versions, where objects would take 4,000. */
export type PackedSamples = Uint8Array;

export const NO_SAMPLE: Sample = { attempts: 0, failures: 0, durations: { bins: [], counts: [] } };

/**
 * LEB128 numbers: for each sample that is there its place less the one before, then attempts, failures, the number of bins
 * and each bin less the one before with its count.
 */
export function packSamples(samples: readonly (Sample | undefined)[]): PackedSamples {
  const bytes: number[] = [];
  let place = 0;
  for (const [index, sample] of samples.entries()) {
    if (sample === undefined || isEmpty(sample)) continue;
    const { attempts, failures, durations } = sample;
    put(bytes, index - place);
    place = index;
    put(bytes, attempts);
    put(bytes, failures);
    put(bytes, durations.bins.length);
    let last = 0;
    for (const [at, bin] of durations.bins.entries()) {
      put(bytes, bin - last);
      last = bin;
      put(bytes, durations.counts[at] ?? 0);
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * The samples at these places; NO_SAMPLE where nothing happened.
 * @throws RangeError for bytes that no `packSamples` has made: they may come from another replica
 */
export function unpackSamples(packed: PackedSamples, places: readonly number[]): Sample[] {
  const found = new Map<number, Sample>();
  const reader = new Reader(packed);
  let place = 0;
  while (!reader.atEnd) {
    place += reader.take();
    const attempts = reader.take();
    const failures = reader.take();
    const length = reader.take();
    const wanted = places.includes(place);
    const bins: number[] = [];
    const counts: number[] = [];
    let bin = 0;
    for (let i = 0; i < length; i++) {
      const step = reader.take();
      if (step === 0 && i > 0) throw new RangeError('a bin twice');
      bin += step;
      const count = reader.take();
      if (bin >= DURATION_BIN_COUNT) throw new RangeError('no such bin');
      if (!wanted) continue;
      bins.push(bin);
      counts.push(count);
    }
    if (failures > attempts) throw new RangeError('more failures than attempts');
    if (wanted) found.set(place, { attempts, failures, durations: { bins, counts } });
  }
  return places.map((at) => found.get(at) ?? NO_SAMPLE);
}

function isEmpty({ attempts, durations }: Sample): boolean {
  return attempts === 0 && durations.bins.length === 0;
}

function put(bytes: number[], value: number): void {
  let rest = value;
  // Not by shifts: a count may be beyond 2^31.
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

class Reader {
  readonly #bytes: PackedSamples;
  #at = 0;

  constructor(bytes: PackedSamples) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('a number ends with the bytes');
      this.#at += 1;
      value += (byte % 128) * scale;
      if (!Number.isSafeInteger(value)) throw new RangeError('a number is too large');
      if (byte < 128) return value;
      scale *= 128;
    }
  }
}
