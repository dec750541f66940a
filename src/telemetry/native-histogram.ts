import type { Block, Counted } from './blocks.ts';
import {
  BINS_PER_DOUBLING,
  DURATION_BIN_COUNT,
  durationBin,
  durationBinBound,
  FIRST_NATIVE_INDEX,
} from './duration-bins.ts';
import { DURATION_BINS, DURATION_BOUNDS, DURATION_BUCKETS } from './layout.ts';

/**
 * What Prometheus calls a native histogram, of integers and without negative values: the fields of `Histogram` in
 * prometheus/client_model's metrics.proto.
 */
export interface NativeHistogram {
  /** Bucket i holds (2^((i - 1) / 2^schema), 2^(i / 2^schema)]. */
  readonly schema: number;
  readonly zeroThreshold: number;
  /** Observations of at most `zeroThreshold`. */
  readonly zeroCount: number;
  /** All observations. */
  readonly count: number;
  /** Runs of buckets: the gap since the run before (of the first: its bucket's index), and its length. */
  readonly spans: readonly (readonly [offset: number, length: number])[];
  /** What each bucket of the runs holds more than the one before it. */
  readonly deltas: readonly number[];
}

/**
 * Buckets of 4.4 %, four bins each: half the width of what client libraries choose by default, so that a canary that is
 * slower by a tenth is seen, at a quarter of the buckets that the bins themselves would make Prometheus store.
 */
const SCHEMA = 4;
const BINS_PER_BUCKET = BINS_PER_DOUBLING / 2 ** SCHEMA;
/** The native index of the bucket that begins where bin 0 ends. */
const FIRST_INDEX = FIRST_NATIVE_INDEX / BINS_PER_BUCKET + 1;
const BUCKET_COUNT = Math.ceil((DURATION_BIN_COUNT - 1) / BINS_PER_BUCKET);
/** A longer gap makes a new run: two zeros cost less than its head. */
const MAX_GAP = 2;

/** The bucket of the classic histogram without a bound. */
const LAST_CLASSIC = DURATION_BOUNDS.length;

/** Of all workers, for one histogram after the other: what is read here is encoded before the next one is read. */
const buckets = new Float64Array(BUCKET_COUNT);

/**
 * The durations of a version as a native histogram. Bin 0 is its zero bucket. The bin of what is longer than 64 s becomes
 * the bucket right above 64 s, so that a quantile in there is shown a little above 64 s rather than as infinite.
 */
export function nativeDurations({ blocks }: Counted<unknown>): NativeHistogram {
  buckets.fill(0);
  let zeroCount = 0;
  for (const block of blocks) {
    zeroCount += block[DURATION_BINS] ?? 0;
    const end = endOfUse(block);
    for (let bin = startOfUse(block); bin < end; bin++) {
      const count = block[DURATION_BINS + bin];
      if (count === undefined || count === 0) continue;
      const bucket = Math.floor((bin - 1) / BINS_PER_BUCKET);
      buckets[bucket] = (buckets[bucket] ?? 0) + count;
    }
  }
  return { schema: SCHEMA, zeroThreshold: durationBinBound(0), zeroCount, ...runs(zeroCount) };
}

/** The first bin behind the zero bucket that can hold something: most versions use few of the 1,409, many use none. */
function startOfUse(block: Block): number {
  let bucket = 0;
  while (bucket <= LAST_CLASSIC && block[DURATION_BUCKETS + bucket] === 0) bucket++;
  if (bucket > LAST_CLASSIC) return DURATION_BIN_COUNT;
  // A bin may reach over a bound: of the two buckets that meet there, either can have its durations.
  return Math.max(1, durationBin(DURATION_BOUNDS[bucket - 1] ?? 0));
}

/** Behind the last bin that can hold something. */
function endOfUse(block: Block): number {
  let bucket: number = LAST_CLASSIC;
  while (bucket >= 0 && block[DURATION_BUCKETS + bucket] === 0) bucket--;
  return bucket < 0 ? 0 : durationBin(DURATION_BOUNDS[bucket] ?? Number.POSITIVE_INFINITY) + 1;
}

function runs(zeroCount: number): Pick<NativeHistogram, 'count' | 'spans' | 'deltas'> {
  const spans: [offset: number, length: number][] = [];
  const deltas: number[] = [];
  let count = zeroCount;
  let before = 0;
  /** Behind the last bucket that was put. */
  let next = 0;
  for (const [bucket, held] of buckets.entries()) {
    if (held === 0) continue;
    const gap = bucket - next;
    let last = spans.at(-1);
    if (last === undefined || gap > MAX_GAP) {
      last = [last === undefined ? FIRST_INDEX + bucket : gap, 0];
      spans.push(last);
    } else {
      for (let empty = 0; empty < gap; empty++) {
        deltas.push(-before);
        before = 0;
        last[1] += 1;
      }
    }
    deltas.push(held - before);
    before = held;
    last[1] += 1;
    count += held;
    next = bucket + 1;
  }
  return { count, spans, deltas };
}
