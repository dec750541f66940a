/**
 * Headgate under load: `npm run test:load -- [--minutes N] [--write] [--list] [SCENARIO ...]`. Each scenario prints its
 * figures; closes with one line, `N passed, N failed`, that counts the demands.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { command } from '../cluster/lib/command.ts';
import { isInside, runInside } from '../cluster/lib/namespace.ts';
import { conclude, type DemandCounts, Demands } from '../lib/demands.ts';
import { scenarios } from '../lib/scenarios.ts';
import { Processes } from './lib/processes.ts';
import type { Scenario } from './lib/scenario.ts';

const HERE = import.meta.dirname;
const USAGE = 'Usage: npm run test:load -- [--minutes N] [--write] [--list] [SCENARIO ...]';

/** What became of one scenario. */
interface Outcome extends DemandCounts {
  readonly seconds: number;
  readonly figures: readonly (readonly [name: string, value: string])[];
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
/**
 * As on a network, and not 65,536: with a loopback's own the kernel takes two megabytes of an answer for a client that reads
 * nothing, so that no slow reader would ever be one, and a thousand of them would use up its memory for TCP.
 */
const MTU = 1500;

const minutes = options.minutes === undefined ? null : Number(options.minutes);
process.exitCode = await main();
// The channel to the process outside is open still.
if (isInside) process.exit();

async function main(): Promise<number> {
  if (minutes !== null && !(minutes > 0)) throw new Error(USAGE);
  const chosen = await scenarios<Scenario>(join(HERE, 'scenarios'), positionals);
  if (options.list) {
    for (const { name } of chosen) console.log(name);
    return 0;
  }
  if (!isInside) return runInside({});
  process.on('disconnect', () => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  await command('ip', ['link', 'set', 'lo', 'mtu', String(MTU), 'up']);
  const outcomes: Outcome[] = [];
  for (const scenario of chosen) outcomes.push(await outcomeOf(scenario));
  return report(outcomes);
}

async function outcomeOf(scenario: Scenario): Promise<Outcome> {
  const { name } = scenario;
  const seconds = minutes === null ? scenario.seconds : minutes * 60;
  const folder = mkdtempSync(join(tmpdir(), 'headgate-load-'));
  const processes = new Processes();
  const figures: [string, string][] = [];
  const demands = new Demands(name);
  const { say, check } = demands;
  const figure = (what: string, value: string): void => {
    figures.push([what, value]);
  };
  say(`${seconds} s of load`);
  await demands.of(() => scenario.run({ seconds, folder, processes, say, check, figure }));
  await processes.close();
  rmSync(folder, { recursive: true, force: true });
  const width = Math.max(0, ...figures.map(([what]) => what.length));
  for (const [what, value] of figures) console.log(`  ${what.padEnd(width)}  ${value}`);
  return { name, seconds: demands.seconds, figures, passed: demands.passed, failed: demands.failed };
}

function report(outcomes: readonly Outcome[]): number {
  if (options.write) writeFileSync(join(HERE, 'RESULTS.md'), results(outcomes));
  return conclude(outcomes);
}

function results(outcomes: readonly Outcome[]): string {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed.length, 0);
  const command = ['npm run test:load --', ...(minutes === null ? [] : [`--minutes ${minutes}`]), ...positionals];
  const sections = outcomes.map(({ name, seconds, figures }) => {
    const rows = figures.map(([what, value]) => `| ${what} | ${value} |`).join('\n');
    return `## ${name}\n\n${seconds.toFixed(0)} s in all.\n\n| | |\n|---|---:|\n${rows}\n`;
  });
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Results

Written by \`${command.join(' ')} --write\`: ${passed} passed, ${failed} failed. README.md says what is done and what is asked for.

- ${new Date().toISOString().slice(0, 10)}; Linux ${release()}; ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, ${memory}
- Node.js ${process.versions.node}; Headgate with 2 workers, its upstreams, clients and attackers share the cores; a loopback with an MTU of ${MTU}

${sections.join('\n')}`;
}
