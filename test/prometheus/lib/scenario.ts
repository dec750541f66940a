import type { Processes } from '../../load/lib/processes.ts';

/** One situation with a real Prometheus. */
export interface Scenario {
  readonly name: string;
  readonly run: (context: Context) => Promise<void>;
}

/** What a scenario works with. */
export interface Context {
  /** A folder of its own, gone when the scenario has ended. */
  readonly folder: string;
  /** Whatever is started here ends with the scenario; its output is shown when the scenario fails. */
  readonly processes: Processes;
  readonly say: (text: string) => void;
  /** A demand, as a sentence; it is counted as one test. `found` says what was seen where it is not met. */
  readonly check: (sentence: string, holds: boolean, found: string) => void;
}
