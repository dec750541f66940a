/** Simulates rollouts and tells how often each way of judging is wrong, and how soon it is right. See README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { table } from './report.ts';
import { STUDIES } from './studies.ts';
import type { Result } from './study.ts';
import type { Job } from './worker.ts';

const BEGIN = '<!-- results: written by npm run bench:analysis -- --write -->';
const END = '<!-- end of results -->';

const { values } = parseArgs({
  options: {
    rollouts: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    write: { type: 'boolean', default: false },
  },
});
const rollouts = Number(values.rollouts);
const seed = Number(values.seed);
const jobs: Job[] = STUDIES.flatMap(({ scenarios }, study) =>
  scenarios.map((_, scenario) => ({ study, scenario, rollouts, seed })),
);
const results = await runAll(jobs, Number(values.jobs));
const text = [
  `${rollouts.toLocaleString('en-US')} rollouts of an hour in each scenario, seed ${seed}, polled every 10 seconds.`,
  ...STUDIES.map((study, i) => table(study, results.get(i) ?? [])),
].join('\n\n');
console.log(text);
if (values.write) {
  for (const file of ['RESULTS.md', '../../docs/statistics.md']) {
    const path = new URL(file, import.meta.url);
    writeFileSync(path, replaced(readFileSync(path, 'utf8'), text));
  }
}

/** Gives each worker the next job when it has done its last. */
async function runAll(queue: readonly Job[], workers: number): Promise<Map<number, Result[]>> {
  const results = new Map<number, Result[]>();
  const waiting = queue.values();
  const work = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    for (const job of waiting) {
      const began = performance.now();
      const found = await new Promise<Result[]>((resolve, reject) => {
        worker.once('message', (answer: { results: Result[] }) => resolve(answer.results));
        worker.once('error', reject);
        worker.postMessage(job);
      });
      worker.removeAllListeners('error');
      results.set(job.study, [...(results.get(job.study) ?? []), ...found]);
      console.error(`${found[0]?.scenario}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

function replaced(file: string, results: string): string {
  const from = file.indexOf(BEGIN);
  const to = file.indexOf(END);
  if (from < 0 || to < 0) throw new Error(`no place for the results: ${BEGIN}`);
  return `${file.slice(0, from)}${BEGIN}\n\n${results}\n\n${file.slice(to)}`;
}
