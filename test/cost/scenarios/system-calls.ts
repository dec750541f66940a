import { spawnSync } from 'node:child_process';
import { PROXY_CORE } from '../../../bench/cores.ts';
import { nginx } from '../../../bench/peers/nginx.ts';
import type { Workload } from '../../../bench/workload.ts';
import { busiestThread } from '../lib/busiest-thread.ts';
import { type CallCounts, callsOf, callsText } from '../lib/call-counts.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { startSteadyHeadgate } from '../lib/steady-headgate.ts';
import { SteadyLoad } from '../lib/steady-load.ts';
import { traced } from '../lib/traced.ts';
import { workloadNamed } from '../lib/workload-named.ts';

/** A proxy, and the thread that does its work. */
interface Traceable {
  readonly port: number;
  readonly thread: number;
}

interface Case {
  readonly workload: string;
  /** Calls a request. */
  readonly reads: number;
  readonly writes: number;
}

/** The request is read and written, so is the answer: a connection is read once for all that it has sent at once. */
const CASES: readonly Case[] = [
  { workload: 'get', reads: 2, writes: 2 },
  { workload: 'get-16k', reads: 2, writes: 2 },
  { workload: 'post-4k', reads: 2, writes: 2 },
  { workload: 'pipelined', reads: 1 + 1 / 8, writes: 2 },
];

/** The compilers are done by then, and the allocator has grown: for each 64 KiB that it grows by, it changes a page's protection. */
const WARM_UP = 10_000;
const CONNECTING = 500;
const REQUESTS = 1_000;

const READS = ['read', 'readv', 'recvfrom', 'recvmsg'];
const WRITES = ['write', 'writev', 'sendto', 'sendmsg'];
const WAITS = ['epoll_wait', 'epoll_pwait', 'epoll_pwait2'];

/**
 * When there is nothing to do the loop waits by two calls: Node.js has libuv measure the idle time (UV_METRICS_IDLE_TIME), so
 * that it looks once before it waits. On one connection that may be so for each thing that is read; with more, seldom.
 */
const WAITS_A_READ = 2;
/** What is no request's: a slow answer that comes in two pieces, a message of the main thread, a timer. */
const TOLERANCE = 0.03;
/** V8's threads and the worker's wake each other, to compile and to collect. */
const BESIDES = 0.2;

/** What a request asks of the kernel, in numbers that no other process can change. */
export const scenario: Scenario = { name: 'system-calls', run };

async function run(context: Context): Promise<void> {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    throw new Error('not installed: strace. On Debian: apt-get install strace');
  }
  const { children, versions } = context;
  const headgate = await startSteadyHeadgate(context, {});
  const other = await nginx.start(children, { versions, tls: null, workers: 1, cores: [PROXY_CORE] });
  await drive(headgate.port, workloadNamed('get'));
  const ours: Traceable = { port: headgate.port, thread: busiestThread(headgate.child.pid) };
  const theirs: Traceable = { port: other.port, thread: busiestThread(other.pid) };
  const refused = await refusal(context, ours);
  if (refused !== null) context.say(`skipped: this kernel lets no process be traced: ${refused}`);
  else for (const one of CASES) await judge(context, ours, theirs, one);
  for (const { child } of [headgate, other]) await children.end(child);
}

async function drive(port: number, workload: Workload): Promise<void> {
  const load = await SteadyLoad.open(port, workload, workload.connections);
  await load.drive(WARM_UP);
  load.close();
}

/** Null: threads can be traced. */
async function refusal({ children }: Context, { thread }: Traceable): Promise<string | null> {
  try {
    await traced(children, thread, async () => undefined);
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (/Operation not permitted|Function not implemented/.test(text)) return text;
    throw error;
  }
}

async function judge(context: Context, ours: Traceable, theirs: Traceable, one: Case): Promise<void> {
  const workload = workloadNamed(one.workload);
  await drive(ours.port, workload);
  for (const connections of [1, workload.connections]) {
    const counts = await counted(context, ours, workload, connections);
    const others = await counted(context, theirs, workload, connections);
    const title = `${workload.title}, ${connections === 1 ? 'one connection' : `${connections} connections`}`;
    const found = callsText(counts);
    const [sum, theirSum] = [callsOf(counts), callsOf(others)];
    context.say(`${title}: ${sum.toFixed(2)} calls (${found}); nginx ${theirSum.toFixed(2)} (${callsText(others)})`);
    const bounds = { reads: one.reads, writes: one.writes, waits: one.reads * WAITS_A_READ };
    context.check(
      `${title}: at most ${bounds.reads} reads, ${bounds.writes} writes and ${bounds.waits} waits a request, and nothing else`,
      keepsWithin(counts, bounds),
      found,
    );
    if (connections > 1)
      context.check(`${title}: no more calls than nginx`, sum <= theirSum, `${found}; nginx ${theirSum.toFixed(2)}`);
  }
}

function keepsWithin(
  counts: CallCounts,
  bounds: { readonly reads: number; readonly writes: number; readonly waits: number },
): boolean {
  const [reads, writes, waits] = [callsOf(counts, READS), callsOf(counts, WRITES), callsOf(counts, WAITS)];
  const besides = callsOf(counts) - reads - writes - waits;
  return (
    reads <= bounds.reads + TOLERANCE &&
    writes <= bounds.writes + TOLERANCE &&
    waits <= bounds.waits + TOLERANCE &&
    besides <= BESIDES
  );
}

/** Calls a request. */
async function counted(
  { children }: Context,
  { port, thread }: Traceable,
  workload: Workload,
  connections: number,
): Promise<CallCounts> {
  const load = await SteadyLoad.open(port, workload, connections);
  // Each connection to the upstream that this load needs is there after that.
  await load.drive(CONNECTING);
  let requests = 1;
  const counts = await traced(children, thread, async () => {
    requests = await load.drive(REQUESTS);
  });
  load.close();
  return new Map([...counts].map(([name, calls]) => [name, calls / requests]));
}
