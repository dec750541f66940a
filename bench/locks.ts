import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHeadgate } from './headgate-process.ts';
import type { Load } from './load.ts';
import type { PeerOptions } from './peers/peer.ts';
import type { Setting } from './section.ts';

/** Calls that wait for another thread or wake one. */
export interface Locks {
  readonly requests: number;
  /** Of all threads. */
  readonly calls: number;
  readonly ofWorkers: number;
  /** Of those, how many wait. */
  readonly waits: number;
}

const WARM_UP_SECONDS = 5;
const SECONDS = 5;
/** The name that Node.js gives to a worker's thread. */
const WORKER_THREAD = 'WorkerThread';
/** A line of strace: process id and name of the thread, seconds since 1970, operation. */
const CALL = /^\d+<([^>]*)> +(\d+\.\d+) futex\(\w+, (\w+)/gm;

/** Counts them in Headgate with two workers. With --seccomp-bpf strace stops the process for nothing else. @returns why not, when it cannot. */
export async function countLocks(
  { children, versions }: Setting,
  load: Load,
  cores: readonly number[],
): Promise<Locks | string> {
  const unusable = straceProblem();
  if (unusable !== null) return unusable;
  const trace = join(children.newFolder('strace'), 'calls');
  const args = ['-f', '-Y', '--seccomp-bpf', '-ttt', '-e', 'trace=futex', '-o', trace];
  const options: PeerOptions = { versions, tls: null, workers: 2, cores };
  const headgate = await startHeadgate(children, options, { under: { command: 'strace', args } });
  await load.run(headgate, WARM_UP_SECONDS);
  const from = Date.now() / 1000;
  const { requests } = await load.run(headgate, SECONDS);
  const to = Date.now() / 1000;
  await children.end(headgate.child);
  const calls = [...readFileSync(trace, 'utf8').matchAll(CALL)].filter(
    ([, , time]) => Number(time) >= from && Number(time) <= to,
  );
  const ofWorkers = calls.filter(([, thread]) => thread === WORKER_THREAD);
  const waits = ofWorkers.filter(([, , , operation = '']) => operation.startsWith('FUTEX_WAIT'));
  return { requests, calls: calls.length, ofWorkers: ofWorkers.length, waits: waits.length };
}

/** Null when it can trace. */
function straceProblem(): string | null {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-Y', '--seccomp-bpf', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (error !== undefined) return 'strace is not installed. On Debian: apt-get install strace.';
  return status === 0 ? null : `strace cannot trace here: ${stderr.trim()}`;
}
