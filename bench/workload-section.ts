import { PROXY_CORE } from './cores.ts';
import { type Load, makeLoad } from './load.ts';
import { measure, NOISY_PERCENT, peakRss, type Round } from './measure.ts';
import type { Peer } from './peers/peer.ts';
import { prove } from './prove.ts';
import { quietness, ratioTargets, workloadTable } from './report.ts';
import type { Section, SectionResult, Setting } from './section.ts';
import { headBytes, type Workload } from './workload.ts';

/** In less, code of Node.js is not yet compiled as it will be: the first round stood out. */
const WARM_UP_SECONDS = 4;

/** A peer that takes part in a workload. */
interface Runner {
  readonly peer: Peer;
  readonly rounds: Round[];
}

/** CPU a request of every peer on one workload. */
export function workloadSection(workload: Workload): Section {
  return { name: workload.name, title: workload.title, run: (setting) => run(setting, workload) };
}

async function run(setting: Setting, workload: Workload): Promise<SectionResult> {
  const failures: string[] = [];
  const load = makeLoad(setting.children, workload);
  let runners = await startAll(setting, load, failures);
  for (let round = 0; round < setting.rounds; round += 1) {
    // Each round begins with another peer, so that none is always the first or follows the same one.
    const first = round % Math.max(runners.length, 1);
    const turn = [...runners.slice(first), ...runners.slice(0, first)];
    for (const runner of turn) {
      await attempt(failures, runner.peer.name, async () => {
        const result = await quietRound(runner.peer, load, setting.seconds);
        runner.rounds.push(result);
        console.log(`${workload.name}, round ${round + 1}: ${runner.peer.name} ${result.cpu.toFixed(1)} us`);
      });
    }
    // Who failed once is out: with a round less its ratios would be to other rounds.
    runners = runners.filter(({ rounds }) => rounds.length === round + 1);
  }
  const results = runners.map(({ peer, rounds }) => ({ name: peer.name, rounds, peakRss: peakRss(peer.pid) }));
  for (const { peer } of runners) await setting.children.end(peer.child);
  const parts = [description(workload), workloadTable(results, workload), quietness(results), ...failures];
  return { markdown: parts.join('\n\n'), targets: ratioTargets(results, workload), failures };
}

/** Measures again, once, what others have disturbed; the quieter one counts. */
async function quietRound(peer: Peer, load: Load, seconds: number): Promise<Round> {
  const first = await measure(peer, load, seconds);
  if (first.others <= NOISY_PERCENT) return first;
  const second = await measure(peer, load, seconds);
  return second.others < first.others ? second : first;
}

/** Starts, proves and warms up; one that fails is left out, with its reason. */
async function startAll(setting: Setting, load: Load, failures: string[]): Promise<readonly Runner[]> {
  const { children, versions, certificate } = setting;
  const { workload } = load;
  const runners: Runner[] = [];
  for (const product of setting.peers) {
    if (product.lacks.includes(workload.name)) continue;
    await attempt(failures, product.name, async () => {
      const tls = workload.tls ? certificate : null;
      const peer = await product.start(children, { versions, tls, workers: 1, cores: [PROXY_CORE] });
      console.log(`${workload.name}: ${product.name}: ${await prove(peer, { versions, workload, certificate })}`);
      await measure(peer, load, WARM_UP_SECONDS);
      runners.push({ peer, rounds: [] });
    });
  }
  return runners;
}

async function attempt(failures: string[], name: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const failure = `Without ${name}: ${error instanceof Error ? error.message : String(error)}`;
    failures.push(failure);
    console.error(failure);
  }
}

function description(workload: Workload): string {
  const { method, answer, sent, connections, idle } = workload;
  const body = sent === 0 ? '' : ` and a body of ${sent} bytes`;
  const standing = idle === 0 ? '' : `, ${idle} more that stand idle`;
  return `${method}, head of ${headBytes(workload)} bytes${body}; answer of ${answer} bytes; ${connections} connections${standing}.`;
}
