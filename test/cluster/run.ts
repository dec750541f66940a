/**
 * The cluster test: `npm run test:cluster -- [--jobs N] [--list] [SCENARIO ...]`. Closes with one line, `N passed, N failed`.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Row } from './judge/judge.ts';
import { textTable } from './judge/report.ts';
import { binaries } from './lib/binaries.ts';
import { ControlPlane } from './lib/control-plane.ts';
import { buildImages } from './lib/images.ts';
import { isInside, runInside, settleInside } from './lib/namespace.ts';
import { PodRunner } from './lib/pod-runner.ts';
import type { Scenario } from './lib/scenario.ts';
import { type Cluster, type Outcome, ScenarioRun } from './lib/scenario-run.ts';

const HERE = import.meta.dirname;
const CRDS = join(HERE, '../../config/kubernetes/crds');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '2' }, list: { type: 'boolean', default: false } },
});

const begin = performance.now();
process.exitCode = options.list ? await list() : isInside ? await inside() : await outside();
if (isInside) process.exit(); // The first process of its namespace: what still runs ends with it.

async function list(): Promise<number> {
  for (const { name } of await scenarios()) console.log(name);
  return 0;
}

/** Builds what needs the internet, and cleans up. */
async function outside(): Promise<number> {
  await scenarios();
  const programs = await binaries(say);
  const folder = mkdtempSync(join(tmpdir(), 'headgate-cluster-'));
  const code = await runInside({ CLUSTER_PROGRAMS: programs, CLUSTER_FOLDER: folder });
  rmSync(folder, { recursive: true, force: true });
  return code;
}

async function inside(): Promise<number> {
  await settleInside();
  const [programs = '', folder = ''] = [process.env['CLUSTER_PROGRAMS'], process.env['CLUSTER_FOLDER']];
  const chosen = await scenarios();
  const crds = readdirSync(CRDS).map((name) => join(CRDS, name));
  const [plane, images] = await Promise.all([
    ControlPlane.start({ programs, folder, crds, onTrouble: say }),
    buildImages(join(folder, 'images')),
  ]);
  const runner = new PodRunner(plane.api, images, folder);
  await runner.start();
  say(`the cluster is up; ${chosen.length} scenarios`);
  const outcomes = await runAll(chosen, { plane, runner, programs, folder });
  return report(outcomes);
}

/** Several at a time; those that disturb others come last, one by one. */
async function runAll(chosen: readonly Scenario[], cluster: Cluster): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const work = async (queue: Scenario[]) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await new ScenarioRun(next, cluster, say).outcome();
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  const queue = chosen.filter(({ exclusive }) => exclusive !== true);
  await Promise.all(Array.from({ length: Math.max(1, Number(options.jobs)) }, () => work(queue)));
  await work(chosen.filter(({ exclusive }) => exclusive === true));
  return outcomes;
}

function tell({ name, seconds, findings, logs }: Outcome): void {
  if (findings.length === 0) say(`ok ${name} (${seconds.toFixed(1)} s)`);
  else
    say(`${logs}\nnot ok ${name} (${seconds.toFixed(1)} s)\n${findings.map((finding) => `  ${finding}`).join('\n')}`);
}

function report(outcomes: readonly Outcome[]): number {
  const rows: readonly Row[] = outcomes.flatMap((outcome) => outcome.rows);
  if (rows.length > 0) console.log(`\n${textTable(rows)}\n`);
  for (const { name, findings } of outcomes) {
    if (findings.length > 0)
      console.log(`not ok ${name}: ${findings[0]}${findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''}`);
  }
  const failed = outcomes.filter(({ findings }) => findings.length > 0).length;
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
  return failed > 0 || outcomes.length === 0 ? 1 : 0;
}

/** Those named on the command line; all, in the order of their names, where none is. */
async function scenarios(): Promise<readonly Scenario[]> {
  const files = readdirSync(join(HERE, 'scenarios'))
    .filter((name) => name.endsWith('.ts'))
    .sort();
  const names = files.map((file) => basename(file, '.ts'));
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}; there are ${names.join(', ')}`);
  const wanted = names.filter((name) => positionals.length === 0 || positionals.includes(name));
  return Promise.all(
    wanted.map(async (name) => {
      const module: { scenario?: Scenario } = await import(join(HERE, 'scenarios', `${name}.ts`));
      if (module.scenario?.name !== name) throw new Error(`scenarios/${name}.ts exports no scenario of that name`);
      return module.scenario;
    }),
  );
}

function say(line: string): void {
  console.log(`[${((performance.now() - begin) / 1000).toFixed(1)}] ${line}`);
}
