import type { Browser } from 'playwright-core';

/** What a scenario has at hand. */
export interface Stage {
  readonly browser: Browser;
  /** For screenshots. */
  readonly folder: string;
  /** Is called when the scenario is over, however it ended; the last one first. */
  readonly atEnd: (ending: () => Promise<unknown>) => void;
  /** Counts. `found`: what was there instead. */
  readonly check: (sentence: string, holds: boolean, found?: string) => void;
}

export interface Scenario {
  /** That of its file. */
  readonly name: string;
  run(stage: Stage): Promise<void>;
}
