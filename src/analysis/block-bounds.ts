/** A block's least length. */
export const SHORTEST_BLOCK_MS = 5_000;
/** From 250 s on a block is this part of the time since the start: 120 blocks in half an hour, 345 in a day, 35 more each time it doubles. */
const GROWTH = 0.02;

/**
 * When the block that begins at `from` ends. The clock alone decides, as the statistics demand: bounds that knew of the
 * requests would be no fair bet.
 * @param start of the first block. Milliseconds of one clock, all three
 */
export function blockEnd(start: number, from: number): number {
  return from + Math.max(SHORTEST_BLOCK_MS, GROWTH * (from - start));
}
