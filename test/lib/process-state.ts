import type { ProcessState } from '../../src/telemetry/scrape.ts';

/** What an exposition is told of a process that runs well and has no table. */
export function processState(change: Partial<ProcessState> = {}): ProcessState {
  return {
    table: null,
    sourceSynced: true,
    sourceLastEventSeconds: 0,
    sourceKind: 'none',
    configReloadSuccessful: true,
    workersRestarted: 0,
    health: [],
    problems: 0,
    certificates: new Map(),
    ...change,
  };
}
