import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, type Children, failure } from './children.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { CpuWatch } from './cpu-watch.ts';
import type { Done } from './load.ts';
import type { Peer } from './peers/peer.ts';
import { answerPath, type Workload } from './workload.ts';

const WARM_UP_SECONDS = 1;
/** Between two looks at what h2load has said: 0.2 % of two seconds. */
const LOOK_MS = 4;
const STARTED = 'Main benchmark duration is started';
const OVER = 'Main benchmark duration is over';

/** Runs h2load with one thread and HTTP/1.1; what it does in its first second does not count. GET only. @throws when an answer is not 2xx. */
export async function runH2load(
  children: Children,
  workload: Workload,
  { name, pid, port }: Peer,
  seconds: number,
): Promise<Done> {
  const child = children.start('h2load', LOAD_CORE, 'h2load', h2loadArguments(workload, port, seconds));
  await said(child, STARTED);
  const watch = new CpuWatch(pid, PROXY_CORE);
  await said(child, OVER);
  const watched = watch.read();
  while (child.ended() === null) await sleep(LOOK_MS);
  const output = child.output();
  const [, requests = 0, good = 0] = (/(\d+) done, (\d+) succeeded/.exec(output) ?? []).map(Number);
  if (requests === 0 || good < requests) throw new Error(`${name}: h2load reports ${good} good of ${requests} answers`);
  return { requests, requestsPerSecond: requests / seconds, ...watched };
}

async function said(child: Child, words: string): Promise<void> {
  while (!child.output().includes(words)) {
    if (child.ended() !== null) throw failure(child);
    await sleep(LOOK_MS);
  }
}

function h2loadArguments(
  { fields, connections, pipelined, answer, tls }: Workload,
  port: number,
  seconds: number,
): readonly string[] {
  const headers = Object.entries(fields).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const times = ['-D', String(seconds), `--warm-up-time=${WARM_UP_SECONDS}`];
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}${answerPath(answer)}`;
  return ['--h1', '-t1', `-c${connections}`, `-m${pipelined}`, ...times, ...headers, url];
}
