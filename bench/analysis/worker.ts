import { parentPort } from 'node:worker_threads';
import { STUDIES } from './studies.ts';
import { study } from './study.ts';

/** Which scenario of which study. */
export interface Job {
  readonly study: number;
  readonly scenario: number;
  readonly rollouts: number;
  readonly seed: number;
}

parentPort?.on('message', (job: Job) => {
  const found = STUDIES[job.study];
  const scenario = found?.scenarios[job.scenario];
  if (found === undefined || scenario === undefined) throw new Error(`no such scenario: ${JSON.stringify(job)}`);
  parentPort?.postMessage({ job, results: study(scenario, found.watchers, job) });
});
