import { Random } from './random.ts';
import { type Alarm, simulate } from './rollout.ts';
import type { ErrorScenario, LatencyScenario } from './scenarios.ts';
import type { Watcher } from './watcher.ts';

/** What one watcher did in all rollouts of a scenario. */
export interface Result {
  readonly scenario: string;
  readonly watcher: string;
  readonly rollouts: number;
  /** How many raised an alarm after the scenario's onset, and before it. */
  readonly alarms: number;
  readonly early: number;
  /**
   * The candidate's requests from the onset to the alarm, of those that had raised none before: the median and the 90th percentile, where no
   * alarm counts as never: Infinity.
   */
  readonly median: number;
  readonly ninetieth: number;
  /** Seconds from the onset to the alarm: the median. */
  readonly seconds: number;
}

/** Each rollout has numbers of its own, which depend on the seed and its place alone. */
export function study(
  scenario: ErrorScenario | LatencyScenario,
  makeWatchers: () => Watcher[],
  { rollouts, seed }: { rollouts: number; seed: number },
): Result[] {
  const names = makeWatchers().map(({ name }) => name);
  const alarms: (Alarm | null)[][] = names.map(() => []);
  for (let rollout = 0; rollout < rollouts; rollout++) {
    const found = simulate(scenario, makeWatchers(), new Random(seed, rollout));
    for (const [i, alarm] of found.entries()) alarms[i]?.push(alarm);
  }
  return names.map((watcher, i) => summary(scenario.name, watcher, alarms[i] ?? []));
}

function summary(scenario: string, watcher: string, all: readonly (Alarm | null)[]): Result {
  const early = all.filter((alarm) => alarm?.early === true).length;
  const late = all.filter((alarm) => alarm?.early !== true);
  const requests = late.map((alarm) => alarm?.requests ?? Number.POSITIVE_INFINITY);
  const seconds = late.map((alarm) => alarm?.seconds ?? Number.POSITIVE_INFINITY);
  return {
    scenario,
    watcher,
    rollouts: all.length,
    alarms: late.filter((alarm) => alarm !== null).length,
    early,
    median: quantile(requests, 0.5),
    ninetieth: quantile(requests, 0.9),
    seconds: quantile(seconds, 0.5),
  };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => (a === b ? 0 : a - b));
  return sorted[Math.ceil(q * sorted.length) - 1] ?? Number.POSITIVE_INFINITY;
}
