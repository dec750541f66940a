import type { Block, Durations, Sample } from './block.ts';

/**
 * Joins neighbouring blocks until both versions have done enough. As the rule looks at how much that was, never at how it
 * ended, the joined blocks are as good as any.
 */
export class Gathering {
  readonly #enough: (block: Block) => boolean;
  #open: Block | null = null;

  constructor(enough: (block: Block) => boolean) {
    this.#enough = enough;
  }

  /** @returns the joined block; null while it is not enough */
  add(block: Block): Block | null {
    const open = this.#open;
    const joined: Block =
      open === null
        ? block
        : {
            candidate: joinSamples(open.candidate, block.candidate),
            baseline: joinSamples(open.baseline, block.baseline),
          };
    const enough = this.#enough(joined);
    this.#open = enough ? null : joined;
    return enough ? joined : null;
  }

  /** A rest that is not enough yet is left out. */
  all(blocks: Iterable<Block>): Block[] {
    const gathered: Block[] = [];
    for (const block of blocks) {
      const joined = this.add(block);
      if (joined !== null) gathered.push(joined);
    }
    return gathered;
  }
}

/** Fewer durations of a version do not make a block: each costs the same to judge. */
const LEAST_DURATIONS = 4;

/** Of blocks in which both versions answered requests. */
export function gatheringDurations(): Gathering {
  return new Gathering(
    ({ candidate, baseline }) =>
      durationCount(candidate.durations) >= LEAST_DURATIONS && durationCount(baseline.durations) >= LEAST_DURATIONS,
  );
}

/** The sum of two samples. */
export function joinSamples(a: Sample, b: Sample): Sample {
  return {
    attempts: a.attempts + b.attempts,
    failures: a.failures + b.failures,
    durations: joinDurations(a.durations, b.durations),
  };
}

/** The sum of two histograms. */
function joinDurations(a: Durations, b: Durations): Durations {
  if (a.bins.length === 0) return b;
  if (b.bins.length === 0) return a;
  const bins: number[] = [];
  const counts: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.bins.length || j < b.bins.length) {
    const left = a.bins[i] ?? Number.POSITIVE_INFINITY;
    const right = b.bins[j] ?? Number.POSITIVE_INFINITY;
    bins.push(Math.min(left, right));
    counts.push((left <= right ? (a.counts[i] ?? 0) : 0) + (right <= left ? (b.counts[j] ?? 0) : 0));
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return { bins, counts };
}

/** The sum of many, by halves, so that each is copied few times. */
export function joinAll(parts: readonly Durations[]): Durations {
  if (parts.length <= 1) return parts[0] ?? { bins: [], counts: [] };
  const middle = parts.length >> 1;
  return joinDurations(joinAll(parts.slice(0, middle)), joinAll(parts.slice(middle)));
}

/** How many durations there are. */
export function durationCount({ counts }: Durations): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
