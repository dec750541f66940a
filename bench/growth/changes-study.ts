import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startLoad } from '../../test/cluster/load/load.ts';
import type { Children } from '../children.ts';
import { LOAD_CORE, PROXY_CORE } from '../cores.ts';
import { cpuTime } from '../cpu-time.ts';
import { quantile } from '../scale/quantile.ts';
import { BUSY_PATH } from './gateway-start.ts';
import { type Gateway, startGateway } from './gateways.ts';
import { BASE, type SteadyCase } from './steady-study.ts';

/** One stretch of time, with changes or without. */
export interface ChangesRound {
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds from when a request was due. */
  readonly p50: number;
  readonly p99: number;
  /** Of one core: of the thread that proxies, and of the whole process. */
  readonly worker: number;
  readonly process: number;
  /** Of the thread that proxies: how much of the time it could have run and had no core. */
  readonly waited: number;
}

export interface ChangesResult {
  readonly name: string;
  /** `control`: nothing changes, but a process that has nothing to do with Headgate takes as much CPU as the changes did, in as many pieces. */
  readonly rounds: readonly Readonly<Record<'quiet' | 'changing' | 'control', ChangesRound>>[];
}

const CHANGES = { tableMs: 100, pods: 50 };
const TABLES = { tableMs: 100, pods: 0 };

export const CHANGING: readonly SteadyCase[] = [
  { name: 'a table every 100 ms; 1,000 Rollouts, 10,000 Pods', size: { ...BASE, rollouts: 1_000, changes: TABLES } },
  { name: 'the same and 50 events of Pods a second', size: { ...BASE, rollouts: 1_000, changes: CHANGES } },
  { name: 'the same; one Rollout, 5,000 Pods', size: { ...BASE, podsOfEach: 5_000, changes: CHANGES } },
];

/** Both: what the main thread compiles shall not take the core from the thread that proxies, as on any machine that has more than one. */
const CORES = [PROXY_CORE, LOAD_CORE];
const RATE = 500;
const CONNECTIONS = 8;
/** Until the foreign process has started. */
const FOREIGN_START_MS = 500;

/** An open loop at a rate that is far from what the machine can do, with changes, without and with the control in turns. */
export async function changesStudy(
  children: Children,
  { name, size }: SteadyCase,
  upstreamPort: number,
  rounds: number,
  seconds: number,
): Promise<ChangesResult> {
  const gateway = await startGateway(children, 'changing', size, upstreamPort, CORES);
  await stretch(gateway, seconds);
  const all: ChangesResult['rounds'][number][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const quiet = await stretch(gateway, seconds);
    process.kill(gateway.pid, 'SIGUSR2');
    const changing = await stretch(gateway, seconds);
    process.kill(gateway.pid, 'SIGUSR2');
    const control = await besideForeignWork(children, size.changes, mainThread(changing) - mainThread(quiet), () =>
      stretch(gateway, seconds),
    );
    all.push({ quiet, changing, control });
  }
  await children.end(gateway.child);
  return { name, rounds: all };
}

/** Of one core. */
function mainThread({ process, worker }: ChangesRound): number {
  return process - worker;
}

/** @param share of one core, in one piece for each change */
async function besideForeignWork(
  children: Children,
  { tableMs, pods }: SteadyCase['size']['changes'],
  share: number,
  during: () => Promise<ChangesRound>,
): Promise<ChangesRound> {
  const period = 1000 / ((tableMs > 0 ? 1000 / tableMs : 0) + pods);
  const program = fileURLToPath(new URL('foreign-work.ts', import.meta.url));
  const busy = Math.max(0, share * period);
  const child = children.start('foreign', CORES, process.execPath, [program, String(busy), String(period)]);
  await sleep(FOREIGN_START_MS);
  const round = await during();
  await children.end(child);
  return round;
}

async function stretch(gateway: Gateway, seconds: number): Promise<ChangesRound> {
  const load = startLoad({
    targets: [{ host: '127.0.0.1', port: gateway.port }],
    connections: CONNECTIONS,
    streams: [{ name: 'plain', rate: RATE, host: 'app-0.scale-0', path: BUSY_PATH, posts: 0 }],
  });
  const before = { at: performance.now(), worker: gateway.workerTime(), process: processSeconds(gateway) };
  await sleep(seconds * 1000);
  const took = (performance.now() - before.at) / 1000;
  const { ran, waited } = gateway.workerTime();
  const whole = (processSeconds(gateway) - before.process) / took;
  await load.stop();
  const latencies = load.records.map(({ scheduledAt, endedAt }) => endedAt - scheduledAt);
  return {
    requests: latencies.length,
    failed: load.records.filter(({ status }) => status !== 200).length,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    worker: (ran - before.worker.ran) / took,
    process: whole,
    waited: (waited - before.worker.waited) / took,
  };
}

function processSeconds({ pid }: Gateway): number {
  const { user, system } = cpuTime(pid);
  return user + system;
}
