/**
 * The fine histogram of durations: bins whose bounds grow by 2^(1/64), so that a value is known to 1.1 % (0.55 % from a bin's
 * middle) over six orders of magnitude. These are the buckets of a Prometheus native histogram of schema 6, in which
 * bucket i holds (2^((i - 1) / 64), 2^(i / 64)]; lower schemas are sums of neighbours.
 */
export const BINS_PER_DOUBLING = 64;

/** The native index of bin 0, which also holds what is shorter: 2^-16 s = 15 us. */
export const FIRST_NATIVE_INDEX = -16 * BINS_PER_DOUBLING;
/** The native index of the last bounded bin: 2^6 s = 64 s. */
export const LAST_NATIVE_INDEX = 6 * BINS_PER_DOUBLING;

/** The last bin holds what is longer than 64 s. */
export const DURATION_BIN_COUNT = LAST_NATIVE_INDEX - FIRST_NATIVE_INDEX + 2;

/** @param seconds anything, also 0 */
export function durationBin(seconds: number): number {
  // -Infinity for 0, NaN for what a clock that goes back would give: both count as the shortest.
  const bin = Math.ceil(Math.log2(seconds) * BINS_PER_DOUBLING) - FIRST_NATIVE_INDEX;
  if (!(bin > 0)) return 0;
  return bin < DURATION_BIN_COUNT ? bin : DURATION_BIN_COUNT - 1;
}

/** The upper bound of a bin in seconds, inclusive; Infinity for the last one. */
export function durationBinBound(bin: number): number {
  return bin >= DURATION_BIN_COUNT - 1
    ? Number.POSITIVE_INFINITY
    : 2 ** ((bin + FIRST_NATIVE_INDEX) / BINS_PER_DOUBLING);
}
