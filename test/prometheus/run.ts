/**
 * Headgate's metrics, templates and queries with a real Prometheus: `npm run test:prometheus -- [--list] [SCENARIO ...]`.
 * Closes with one line, `N passed, N failed`, that counts the demands. Needs Debian's `prometheus`.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Processes } from '../load/lib/processes.ts';
import { requirePrometheus } from './lib/prometheus.ts';
import type { Scenario } from './lib/scenario.ts';

const FOLDER = join(import.meta.dirname, 'scenarios');

/** What became of one scenario. */
interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: readonly string[];
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false } },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = await scenarios();
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
  const outcomes: Outcome[] = [];
  for (const scenario of chosen) outcomes.push(await outcomeOf(scenario));
  return report(outcomes);
}

async function outcomeOf(scenario: Scenario): Promise<Outcome> {
  const { name } = scenario;
  const folder = mkdtempSync(join(tmpdir(), 'headgate-prometheus-'));
  const processes = new Processes();
  const failed: string[] = [];
  let passed = 0;
  const begin = performance.now();
  const say = (text: string): void =>
    console.log(`[${((performance.now() - begin) / 1000).toFixed(1)}] ${name}: ${text}`);
  const check = (sentence: string, holds: boolean, found: string): void => {
    if (holds) passed += 1;
    else failed.push(`${sentence}: ${found}`);
    console.log(`${holds ? 'ok' : 'not ok'} - ${name}: ${sentence}${holds ? '' : `: ${found}`}`);
  };
  try {
    await scenario.run({ folder, processes, say, check });
  } catch (error) {
    check(
      'the scenario came to its end',
      false,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  } finally {
    if (failed.length > 0) for (const { lines } of processes.started) for (const line of lines.slice(-40)) say(line);
    await processes.close();
    rmSync(folder, { recursive: true, force: true });
  }
  say('ended');
  return { name, passed, failed };
}

function report(outcomes: readonly Outcome[]): number {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed.length, 0);
  for (const outcome of outcomes) for (const what of outcome.failed) console.log(`not ok ${outcome.name}: ${what}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** Those named on the command line; all, in the order of their names, where none is. */
async function scenarios(): Promise<readonly Scenario[]> {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return Promise.all(
    names
      .filter((name) => positionals.length === 0 || positionals.includes(name))
      .map(async (name) => {
        const module: { scenario?: Scenario } = await import(join(FOLDER, `${name}.ts`));
        if (module.scenario?.name !== name) throw new Error(`scenarios/${name}.ts exports no scenario of that name`);
        return module.scenario;
      }),
  );
}
