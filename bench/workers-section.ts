import type { Children } from './children.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { cpuTime } from './cpu-time.ts';
import { type Load, makeLoad } from './load.ts';
import { countLocks, type Locks } from './locks.ts';
import { nginxWorkers } from './nginx.ts';
import type { Peer, Product } from './peers/peer.ts';
import { table } from './report.ts';
import type { Section, SectionResult, Setting, TargetRow } from './section.ts';
import { median, spread } from './spread.ts';
import { GET } from './workloads.ts';

/** What a second worker costs beside what it does. */
export const workersSection: Section = { name: 'workers', title: 'Two workers', run };

const WARM_UP_SECONDS = 2;
const PEERS = ['headgate', 'nginx', 'haproxy'];
const CORES = [PROXY_CORE, LOAD_CORE];
/** Two clients send, so that two processes can each have one. */
const HALF_OF_GET = { ...GET, connections: GET.connections / 2 };
/** 1.9 times the requests for twice the CPU time. */
const EFFICIENCY = 0.95;
/** V8 takes a lock now and then, for garbage or compilation; a request must not. */
const MOST_WAITS = 0.01;

/** One way to have workers. */
interface Way {
  /** What each of the two clients sends to. */
  readonly peers: readonly [Peer, Peer];
  readonly pids: readonly number[];
  /** CPU a request, microseconds, by round. */
  readonly cpu: number[];
}

interface Ways {
  readonly name: string;
  readonly one: Way;
  /** Two processes of one worker each: what two workers cost that have nothing in common. */
  readonly apart: Way;
  readonly together: Way;
}

async function run(setting: Setting): Promise<SectionResult> {
  const { children, rounds, seconds, peers } = setting;
  const load = makeLoad(children, HALF_OF_GET);
  const products: Ways[] = [];
  for (const product of peers.filter(({ name }) => PEERS.includes(name))) {
    products.push(await startAll(setting, product));
  }
  const ways = products.flatMap(({ one, apart, together }) => [one, apart, together]);
  for (const way of ways) await cpuOfRequest(way, load, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      way.cpu.push(await cpuOfRequest(way, load, seconds));
    }
    console.log(`workers, round ${round + 1} of ${rounds}`);
  }
  for (const { peers } of ways) await endAll(children, peers);
  const headgate = products.find(({ name }) => name === 'headgate');
  const locks = headgate === undefined ? null : await countLocks(setting, makeLoad(children, GET), CORES);
  const markdown = [
    `GET from ${GET.connections} connections of two clients. The proxy may use both cores, one of which it shares with upstream and load, so a worker costs more on it than alone on the other: what two workers share is seen beside two processes with one worker each. Efficiency: requests a CPU second of two workers, divided by those of the two processes, within each round.`,
    resultTable(products),
    ...(locks === null ? [] : [locksLine(locks)]),
  ];
  const targets = [
    ...(headgate === undefined ? [] : [efficiencyTarget(headgate)]),
    ...(locks === null || typeof locks === 'string' ? [] : [locksTarget(locks)]),
  ];
  return { markdown: markdown.join('\n\n'), targets, failures: [] };
}

async function startAll({ children, versions }: Setting, product: Product): Promise<Ways> {
  const start = (workers: number) => product.start(children, { versions, tls: null, workers, cores: CORES });
  const single = await start(1);
  const apart = [await start(1), await start(1)] as const;
  const double = await start(2);
  const workersOf = ({ child, pid }: Peer) => (product.name === 'nginx' ? nginxWorkers(child.pid) : [pid]);
  return {
    name: product.name,
    one: { peers: [single, single], pids: workersOf(single), cpu: [] },
    apart: { peers: apart, pids: apart.flatMap(workersOf), cpu: [] },
    together: { peers: [double, double], pids: workersOf(double), cpu: [] },
  };
}

async function endAll(children: Children, peers: readonly Peer[]): Promise<void> {
  for (const { child } of new Set(peers)) await children.end(child);
}

/** Microseconds. */
async function cpuOfRequest({ peers, pids }: Way, load: Load, seconds: number): Promise<number> {
  const before = cpuSeconds(pids);
  const done = await Promise.all(peers.map((peer) => load.run(peer, seconds)));
  return ((cpuSeconds(pids) - before) * 1e6) / done.reduce((sum, { requests }) => sum + requests, 0);
}

function cpuSeconds(pids: readonly number[]): number {
  return pids.map(cpuTime).reduce((sum, { user, system }) => sum + user + system, 0);
}

function efficiencies({ apart, together }: Ways): readonly number[] {
  return apart.cpu.map((cpu, round) => cpu / (together.cpu[round] ?? Number.NaN));
}

function resultTable(products: readonly Ways[]): string {
  const head = ['CPU us/request', 'one worker', 'two processes', 'two workers', 'efficiency'];
  const rows = products.map((ways) => {
    const costs = [ways.one, ways.apart, ways.together].map(({ cpu }) => spread(cpu, 1));
    return [ways.name, ...costs, spread(efficiencies(ways), 2)];
  });
  return table(head, rows);
}

function efficiencyTarget(ways: Ways): TargetRow {
  const measured = efficiencies(ways);
  const times = measured.map((efficiency) => 2 * efficiency);
  return {
    what: 'Two workers: requests for each CPU second spent twice',
    toBeat: `at least ${2 * EFFICIENCY} x`,
    measured: `${spread(times, 2)} x`,
    met: median(measured) >= EFFICIENCY,
  };
}

function locksLine(locks: Locks | string): string {
  if (typeof locks === 'string') return `Locks were not counted: ${locks}`;
  const { requests, calls, ofWorkers, waits } = locks;
  return `Under strace, in ${requests} requests: ${calls} futex calls of the process, most of them V8's to share out compilation and garbage among its threads; ${ofWorkers} of them by the workers, ${waits} of those to wait.`;
}

function locksTarget({ requests, waits }: Locks): TargetRow {
  return {
    what: 'Two workers: no lock',
    toBeat: `at most ${MOST_WAITS} waits of a worker for a lock, a request`,
    measured: (waits / requests).toFixed(5),
    met: waits / requests <= MOST_WAITS,
  };
}
