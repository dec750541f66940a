import type { Block } from '../../src/analysis/statistics/block.ts';
import type { Wealth } from '../../src/analysis/statistics/wealth.ts';
import type { Histogram } from './histogram.ts';

/** What both versions did in a tick; histograms are reused. */
export interface Tick {
  readonly candidate: number;
  readonly candidateFailures: number;
  readonly baseline: number;
  readonly baselineFailures: number;
  /** Empty in scenarios of errors. */
  readonly candidateLatencies: Histogram;
  readonly baselineLatencies: Histogram;
}

/** Something that is asked every ten seconds whether it raises an alarm. */
export interface Watcher {
  readonly name: string;
  tick?(tick: Tick): void;
  block?(block: Block): void;
  alarm(): boolean;
}

/** What an e-process of the verdict's is asked: whether its capital has reached 1/alpha. */
export function verdictWatcher(
  name: string,
  test: { add(block: Block): void; readonly wealth: Wealth },
  alpha: number,
): Watcher {
  const certain = Math.log(1 / alpha);
  return {
    name,
    block: (block) => test.add(block),
    alarm: () => test.wealth.highest >= certain,
  };
}
