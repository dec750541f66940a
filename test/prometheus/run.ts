/**
 * Headgate's metrics, templates and queries with a real Prometheus: `npm run test:prometheus -- [--list] [SCENARIO ...]`.
 * Closes with one line, `N passed, N failed`, that counts the demands. Needs Debian's `prometheus`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conclude, Demands } from '../lib/demands.ts';
import { scenarios } from '../lib/scenarios.ts';
import { Processes } from '../load/lib/processes.ts';
import { requirePrometheus } from './lib/prometheus.ts';
import type { Scenario } from './lib/scenario.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false } },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = await scenarios<Scenario>(join(import.meta.dirname, 'scenarios'), positionals);
  if (options.list) {
    for (const { name } of chosen) console.log(name);
    return 0;
  }
  // Whatever is started ends with this process, which a signal would not let it see to.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  try {
    await requirePrometheus();
  } catch (error) {
    console.log(`not ok - ${error instanceof Error ? error.message : String(error)}\n0 passed, 1 failed`);
    return 1;
  }
  const outcomes: Demands[] = [];
  for (const scenario of chosen) outcomes.push(await outcomeOf(scenario));
  return conclude(outcomes);
}

async function outcomeOf({ name, run }: Scenario): Promise<Demands> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-prometheus-'));
  const processes = new Processes();
  const demands = new Demands(name);
  const { say, check } = demands;
  await demands.of(() => run({ folder, processes, say, check }));
  if (demands.failed.length > 0) {
    for (const { lines } of processes.started) for (const line of lines.slice(-40)) say(line);
  }
  await processes.close();
  rmSync(folder, { recursive: true, force: true });
  say('ended');
  return demands;
}
