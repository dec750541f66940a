import type { Finding } from './finding.ts';

/** From the watch event that asks for a split until a replica's table, and every worker of it, shows the split. */
export interface ConvergenceSample {
  /** The admin address of the replica. */
  readonly admin: string;
  readonly expected: Readonly<Record<string, number>>;
  /** When the event arrived; epoch milliseconds. */
  readonly arrivedAt: number;
  readonly ms: number;
}

export interface Convergences {
  readonly samples: readonly ConvergenceSample[];
  /** Splits that were not to be seen within the time limit, described. */
  readonly missing: readonly string[];
  /** Splits whose successor arrived before they were seen, by replica: nothing is known of them. */
  readonly superseded: number;
}

/** A split that never came is a finding; how long the others took is for the table, since the machine has a part in it. */
export function judgeConvergence({ missing }: Convergences): readonly Finding[] {
  return missing.map((message) => ({ demand: 'convergence', message }));
}
