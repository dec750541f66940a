/**
 * The cluster test: `npm run test:cluster -- [--jobs N] [--list] [--write] [SCENARIO ...]`. Closes with one line, `N passed, N failed`.
 * With $KUBECONFIG it runs against that cluster, as far as it can; `, N skipped` says how much of it could not be.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ForeignCluster } from './foreign/foreign-cluster.ts';
import type { Row } from './judge/judge.ts';
import { markdownTable, textTable } from './judge/report.ts';
import { binaries } from './lib/binaries.ts';
import { ControlPlane } from './lib/control-plane.ts';
import { buildImages } from './lib/images.ts';
import { isInside, runInside, settleInside } from './lib/namespace.ts';
import { OwnCluster } from './lib/own-cluster.ts';
import type { Cluster } from './lib/place.ts';
import { PodRunner } from './lib/pod-runner.ts';
import type { Scenario } from './lib/scenario.ts';
import { type Outcome, ScenarioRun } from './lib/scenario-run.ts';
import { ServiceNetwork } from './lib/service-network.ts';

const HERE = import.meta.dirname;
const CRDS = join(HERE, '../../config/kubernetes/crds');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const begin = performance.now();
const kubeconfig = process.env['KUBECONFIG'] ?? '';
process.exitCode = await (options.list ? list() : isInside ? inside() : kubeconfig !== '' ? foreign() : outside());
// Inside it is the first process of its namespace: what still runs ends with it. Elsewhere a scenario that was broken off
// may have left a watch.
if (isInside || kubeconfig !== '') process.exit();

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

/** Against the cluster of $KUBECONFIG. Whatever ends it, the namespaces that it made are deleted. */
async function foreign(): Promise<number> {
  const chosen = await scenarios();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-cluster-'));
  const { HEADGATE_TEST_IMAGE: image = 'docker.io/library/node:24-alpine', HEADGATE_IMAGE: own = '' } = process.env;
  let cluster: ForeignCluster | null = null;
  const interrupted = async (signal: string) => {
    say(`${signal}: deleting what was made`);
    await cluster?.close().catch((error) => say(String(error)));
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void interrupted(signal));
  try {
    cluster = await ForeignCluster.connect({ folder, image, headgateImage: own === '' ? null : own, say });
    await cluster.examine();
    return report(await runAll(chosen, cluster));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await cluster?.close();
    rmSync(folder, { recursive: true, force: true });
  }
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
  await Promise.all([runner.start(), new ServiceNetwork(plane.api, say).start()]);
  say(`the cluster is up; ${chosen.length} scenarios`);
  const outcomes = await runAll(chosen, new OwnCluster({ plane, runner, programs, folder }));
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

function tell({ name, seconds, findings, skipped, logs }: Outcome): void {
  if (findings.length === 0 && skipped !== null) say(`skipped ${name}: ${skipped}`);
  else if (findings.length === 0) say(`ok ${name} (${seconds.toFixed(1)} s)`);
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
  const isSkipped = ({ findings, skipped }: Outcome) => findings.length === 0 && skipped !== null;
  const left = outcomes.filter(isSkipped);
  for (const { name, skipped } of left) console.log(`skipped ${name}: ${skipped}`);
  const passed = outcomes.length - failed - left.length;
  if (options.write)
    writeFileSync(join(HERE, 'RESULTS.md'), results(rows, `${passed} scenarios passed, ${failed} failed`));
  console.log(`${passed} passed, ${failed} failed${left.length > 0 ? `, ${left.length} skipped` : ''}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

function results(rows: readonly Row[], counts: string): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} cores, shared by the cluster, its Pods, Headgate and the load (${cpu?.model ?? 'unknown'})`;
  const command = `npm run test:cluster -- --jobs ${options.jobs}`;
  return `# The cluster test's last figures\n\n\`${command}\` on ${machine}: ${counts}.\n\n${markdownTable(rows)}\n`;
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
