import { readFileSync } from 'node:fs';
import { IdleConnections } from './idle-connections.ts';
import type { Load } from './load.ts';
import type { Peer } from './peers/peer.ts';

/** One peer in one round. */
export interface Round {
  /** User and system time of the proxy process, microseconds a request. */
  readonly cpu: number;
  /** The user part of it. */
  readonly user: number;
  readonly requestsPerSecond: number;
  /** Percent of the proxy's core that others took: how far the figures can be believed. */
  readonly others: number;
}

/** When others take more of the proxy's core, every figure rises by what is lost of the caches. */
export const NOISY_PERCENT = 5;

/** Loads one peer. @throws when an answer is not 2xx, or a connection fails: such a round says nothing. */
export async function measure(peer: Peer, load: Load, seconds: number): Promise<Round> {
  const idle = await IdleConnections.open(peer.port, load.workload.idle);
  try {
    const { requests, requestsPerSecond, cpu, others } = await load.run(peer, seconds);
    if (idle.closed > 0) throw new Error(`${peer.name} has closed ${idle.closed} idle connections`);
    const microseconds = 1e6 / requests;
    const user = cpu.user * microseconds;
    return { cpu: user + cpu.system * microseconds, user, requestsPerSecond, others };
  } finally {
    idle.close();
  }
}

/** Greatest resident memory so far, MiB. */
export function peakRss(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}
