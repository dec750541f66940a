import type { Children } from '../children.ts';
import { BROWSER_FIELDS } from '../fields.ts';
import { SMALL, type Workload } from '../workload.ts';
import { runWrk } from '../wrk.ts';
import { type Gateway, type Size, startGateway } from './gateways.ts';

/** What is compared with the smallest. */
export interface SteadyCase {
  readonly name: string;
  readonly size: Size;
}

/** CPU microseconds a request, of the thread that proxies and of the whole process, in one round. */
export interface SteadyRound {
  readonly worker: number;
  readonly process: number;
  /** The user part of the process. */
  readonly user: number;
}

export interface SteadyResult {
  readonly name: string;
  /** The smallest and the grown one, in turns. */
  readonly rounds: readonly { readonly base: SteadyRound; readonly grown: SteadyRound }[];
}

const QUIET = { tableMs: 0, pods: 0 };
export const BASE: Size = { rollouts: 1, podsOfEach: 10, by: 'host', rules: 0, changes: QUIET };

export const STEADY: readonly SteadyCase[] = [
  { name: 'nothing: two that are the same', size: BASE },
  { name: '1,000 routes by host, 2,000 versions, 10,000 endpoints', size: { ...BASE, rollouts: 1_000 } },
  { name: '1,000 routes by path, 2,000 versions, 10,000 endpoints', size: { ...BASE, rollouts: 1_000, by: 'path' } },
  { name: '20 header rules', size: { ...BASE, rules: 20 } },
  { name: '5,000 endpoints of two versions', size: { ...BASE, podsOfEach: 5_000 } },
];

const WORKLOAD: Workload = {
  name: 'growth',
  title: 'GET 121 B',
  method: 'GET',
  fields: { ...BROWSER_FIELDS, Host: 'app-0.scale-0' },
  sent: 0,
  answer: SMALL,
  pipelined: 1,
  tls: false,
  connections: 64,
  idle: 0,
  targets: [],
};
const WARM_UP_SECONDS = 2;

/** Both run at once, and one of them at a time has work. */
export async function steadyStudy(
  children: Children,
  { name, size }: SteadyCase,
  upstreamPort: number,
  rounds: number,
  seconds: number,
): Promise<SteadyResult> {
  const base = await startGateway(children, 'base', BASE, upstreamPort);
  const grown = await startGateway(children, 'grown', size, upstreamPort);
  for (const gateway of [base, grown]) await loaded(children, gateway, WARM_UP_SECONDS);
  const all: SteadyResult['rounds'][number][] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = await loaded(children, base, seconds);
      all.push({ base: first, grown: await loaded(children, grown, seconds) });
    } else {
      const first = await loaded(children, grown, seconds);
      all.push({ grown: first, base: await loaded(children, base, seconds) });
    }
  }
  for (const { child } of [base, grown]) await children.end(child);
  return { name, rounds: all };
}

async function loaded(children: Children, gateway: Gateway, seconds: number): Promise<SteadyRound> {
  const before = gateway.workerTime().ran;
  const { requests, cpu } = await runWrk(children, WORKLOAD, null, gateway, seconds);
  const worker = gateway.workerTime().ran - before;
  const microseconds = 1e6 / requests;
  return {
    worker: worker * microseconds,
    process: (cpu.user + cpu.system) * microseconds,
    user: cpu.user * microseconds,
  };
}
