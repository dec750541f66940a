import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Children, freePorts } from '../children.ts';
import { LOAD_CORE, PROXY_CORE } from '../cores.ts';
import { startNginx } from '../nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { answering } from '../peers/ready.ts';
import { bodyOf, SMALL } from '../workload.ts';
import type { GatewayStart } from './gateway-start.ts';

/** V8's, as `bin/headgate` sets them. */
const { flags }: { flags: (given: string) => readonly string[] } = createRequire(import.meta.url)(
  '../../bin/memory.cjs',
);

export type Size = Omit<GatewayStart, 'port' | 'adminPort' | 'upstreamPort'>;

/** A Headgate of some size, in a process of its own. */
export interface Gateway extends Peer {
  /** Of the thread that proxies, so far. */
  workerTime(): ThreadTime;
}

/** Seconds on a core, and seconds in which it could have run and had none. */
export interface ThreadTime {
  readonly ran: number;
  readonly waited: number;
}

/** Starts what answers at every address of loopback. @returns its port */
export async function startAnywhere(children: Children): Promise<number> {
  const [port = 0] = await freePorts(1);
  const child = startNginx(
    children,
    'upstream',
    LOAD_CORE,
    `  server { listen 0.0.0.0:${port}; location / { return 200 ${JSON.stringify(bodyOf(SMALL))}; } }`,
  );
  await answering(children, child, port, '/');
  return port;
}

export async function startGateway(
  children: Children,
  name: string,
  size: Size,
  upstreamPort: number,
  cores: readonly number[] = [PROXY_CORE],
): Promise<Gateway> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const start: GatewayStart = { ...size, port, adminPort, upstreamPort };
  const program = fileURLToPath(new URL('gateway.ts', import.meta.url));
  const child = children.start(name, cores, process.execPath, [...flags(''), program, JSON.stringify(start)]);
  await answering(children, child, adminPort, '/readyz');
  const { pid } = child;
  const task = workerThread(pid);
  return { name, port, pid, child, routes: true, workerTime: () => threadTime(pid, task) };
}

/** proc(5), comm: Node.js calls its worker threads so, and here there is one. */
function workerThread(pid: number): string {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const found = tasks.find((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').startsWith('WorkerThread'));
  if (found === undefined) throw new Error(`process ${pid} has no worker thread`);
  return found;
}

/** Documentation/scheduler/sched-stats.rst: nanoseconds. Ticks would be too coarse for a few percent of a thread. */
function threadTime(pid: number, task: string): ThreadTime {
  const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ').map(Number);
  return { ran: ran / 1e9, waited: waited / 1e9 };
}
