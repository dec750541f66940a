import { readFileSync } from 'node:fs';
import type { Children } from './children.ts';
import { LOAD_CORE } from './cores.ts';
import { IdleConnections } from './idle-connections.ts';
import { type Load, wrkArguments } from './load.ts';
import type { Peer } from './peers/peer.ts';

/** One peer in one round. */
export interface Round {
  /** User and system time of the proxy process, microseconds a request. */
  readonly cpu: number;
  /** The user part of it. */
  readonly user: number;
  readonly requestsPerSecond: number;
}

/** Loads one peer. @throws when an answer is not 2xx, or a connection fails: such a round says nothing. */
export async function measure(children: Children, peer: Peer, load: Load, seconds: number): Promise<Round> {
  const idle = await IdleConnections.open(peer.port, load.workload.idle);
  try {
    const before = cpuSeconds(peer.pid);
    const output = await children.finish('wrk', LOAD_CORE, 'wrk', wrkArguments(load, peer.port, seconds));
    const after = cpuSeconds(peer.pid);
    const complaint = /Non-2xx.*|Socket errors.*/.exec(output);
    if (complaint !== null) throw new Error(`${peer.name}: ${complaint[0]}`);
    if (idle.closed > 0) throw new Error(`${peer.name} has closed ${idle.closed} idle connections`);
    const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
    const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0);
    if (requests === 0) throw new Error(`${peer.name}: wrk reports no requests: ${output}`);
    const user = ((after.user - before.user) * 1e6) / requests;
    const system = ((after.system - before.system) * 1e6) / requests;
    return { cpu: user + system, user, requestsPerSecond };
  } finally {
    idle.close();
  }
}

/** Greatest resident memory so far, MiB. */
export function peakRss(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}

/** USER_HZ, the unit of proc(5): 100 on every architecture that Node.js has builds for. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process with all its threads: proc(5), fields 14 and 15 of stat. */
export function cpuSeconds(pid: number): { readonly user: number; readonly system: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Field 2 is the program's name in parentheses and may hold anything; field 3 follows the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[14 - 3]) / TICKS_PER_SECOND, system: Number(fields[15 - 3]) / TICKS_PER_SECOND };
}
