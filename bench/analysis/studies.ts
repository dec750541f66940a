import {
  EQUAL_ERRORS,
  EQUAL_LATENCIES,
  type ErrorScenario,
  type LatencyScenario,
  MARGINAL_ERRORS,
  WORSE_ERRORS,
  WORSE_LATENCIES,
} from './scenarios.ts';
import type { Watcher } from './watcher.ts';
import { errorWatchers, latencyWatchers, marginWatchers, passWatchers } from './watchers.ts';

/** A table of the report. */
export interface Study {
  readonly title: string;
  /** What a cell says: how many raise an alarm, or also after how many requests. */
  readonly cells: 'share' | 'delay';
  readonly scenarios: readonly (ErrorScenario | LatencyScenario)[];
  readonly watchers: () => Watcher[];
}

export const STUDIES: readonly Study[] = [
  {
    title: 'False alarms: errors, the canary as good as stable',
    cells: 'share',
    scenarios: EQUAL_ERRORS,
    watchers: errorWatchers,
  },
  {
    title: 'False alarms: latency, the canary as fast as stable',
    cells: 'share',
    scenarios: EQUAL_LATENCIES,
    watchers: () => latencyWatchers([0]),
  },
  {
    title: 'The canary one point worse, which is exactly the margin: neither is right',
    cells: 'share',
    scenarios: MARGINAL_ERRORS,
    watchers: marginWatchers,
  },
  { title: 'Detection: errors', cells: 'delay', scenarios: WORSE_ERRORS, watchers: errorWatchers },
  {
    title: 'Detection: latency',
    cells: 'delay',
    scenarios: WORSE_LATENCIES,
    watchers: () => latencyWatchers([0, 0.1, 0.2]),
  },
  { title: 'Passing: a canary as good as stable', cells: 'delay', scenarios: EQUAL_ERRORS, watchers: passWatchers },
];
