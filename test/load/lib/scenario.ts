import type { Processes } from './processes.ts';

/** One situation under load. */
export interface Scenario {
  readonly name: string;
  /** How long its load runs in the short form. */
  readonly seconds: number;
  readonly run: (context: Context) => Promise<void>;
}

/** What a scenario works with. */
export interface Context {
  /** How long its load runs: the short form's time, or `--minutes`. */
  readonly seconds: number;
  /** A folder of its own. */
  readonly folder: string;
  /** Whatever is started here ends with the scenario. */
  readonly processes: Processes;
  readonly say: (text: string) => void;
  /** A demand, as a sentence; it is counted as one test. `found` says what was seen where it is not met. */
  readonly check: (sentence: string, holds: boolean, found: string) => void;
  /** A line of the table. */
  readonly figure: (name: string, value: string) => void;
}
