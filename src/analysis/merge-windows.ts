import { blockEnd } from './block-bounds.ts';
import { joinSamples } from './statistics/gather.ts';
import type { PairBlock, PairWindow } from './window.ts';

/**
 * The blocks of all replicas as those of one, or ten replicas would cost ten times as much to judge: what ended in one
 * stretch of time becomes one block, with the bounds that a window from the earliest start on would have.
 * @param now milliseconds of the recorder's clock; the stretch that goes on is left out, as more of it is to come
 * @returns in the order of their ends
 */
export function mergeWindows(windows: readonly PairWindow[], now: number): readonly PairBlock[] {
  const [only, ...others] = windows;
  if (only === undefined) return [];
  if (others.length === 0) return only.pairs();
  const blocks = windows.flatMap((window) => window.pairs()).sort((a, b) => a.end - b.end);
  const start = Math.min(...windows.map((window) => window.start));
  const merged: PairBlock[] = [];
  let end = blockEnd(start, start);
  let stretch: PairBlock | null = null;
  for (const block of blocks) {
    if (block.end > end && stretch !== null) {
      merged.push(stretch);
      stretch = null;
    }
    while (block.end > end) end = blockEnd(start, end);
    if (end > now) return merged;
    stretch = stretch === null ? block : joined(stretch, block);
  }
  if (stretch !== null) merged.push(stretch);
  return merged;
}

/** Changes when `mergeWindows` gives something else. */
export function mergedState(windows: readonly PairWindow[], now: number): string {
  const [first, ...others] = windows;
  if (first === undefined) return '';
  if (others.length === 0) return `${first.name} ${first.count}`;
  const start = Math.min(...windows.map((window) => window.start));
  let over = 0;
  for (let end = blockEnd(start, start); end <= now; end = blockEnd(start, end)) over += 1;
  return `${windows.map(({ name }) => name).join(' ')} ${over}`;
}

function joined(a: PairBlock, b: PairBlock): PairBlock {
  return {
    end: b.end,
    candidate: joinSamples(a.candidate, b.candidate),
    baseline: joinSamples(a.baseline, b.baseline),
  };
}
