import { HeadgateProcess } from '../lib/headgate-process.ts';
import { slope } from '../lib/least-squares.ts';
import { rss, sockets } from '../lib/proc.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { within } from '../lib/until.ts';
import { startUpstream, type Upstream } from '../lib/upstream.ts';
import { crowd } from '../soak/crowd.ts';
import { Ledger } from '../soak/ledger.ts';

const CROWD = 32;
/** After the last visitor has left: the longest timeout of the configuration, and the life of an idle upstream connection. */
const QUIET_MS = 15_000;
/** Nobody listens there, and no client's own port is ever this one. */
const DEAD_PORT = 1;
const SAMPLE_MS = 200;
const MIB = 2 ** 20;
/** How much resident memory may grow over the second half: an allocator's and a heap's noise, not a leak. MiB. */
const RSS_GROWTH = 16;
/** How much may stay alive: what a run builds up once, and so many bytes for each request. */
const LIVE_ONCE = 1 * MIB;
const LIVE_PER_REQUEST = 16;

/** The part of the time in which nothing is done to the process, so that its memory is what it would be; resident memory is taken then. */
const UNDISTURBED = 0.6;

/** Mixed traffic with faults on both sides, in two parts: what the second one leaves alive is a leak. */
export const scenario: Scenario = { name: 'soak', seconds: 20, run };

interface Sample {
  readonly seconds: number;
  readonly mib: number;
}

async function run(context: Context): Promise<void> {
  const names = ['one', 'two', 'canary'];
  const upstreams = await Promise.all(names.map((name) => startUpstream(context, name)));
  const headgate = await HeadgateProcess.start(context, { config: config(upstreams) });
  const ledger = new Ledger();
  const before = sockets(headgate.pid);
  const samples = await resident(headgate.pid, () =>
    crowd(headgate.port, ledger, CROWD, UNDISTURBED * context.seconds * 1000),
  );
  const settled = await settle(headgate, before);
  const [live, requests] = [await headgate.liveBytes(), ledger.answers + ledger.aborts];
  context.say(`the first part is over: ${requests} requests`);
  await crowd(headgate.port, ledger, CROWD, (1 - UNDISTURBED) * context.seconds * 1000);
  context.check(
    'after each part every exchange has ended, and every socket is closed',
    settled && (await settle(headgate, before)),
    await state(headgate, before),
  );
  await judgeCounts(context, headgate, ledger);
  judgeMemory(context, {
    samples,
    live: (await headgate.liveBytes()) - live,
    requests: ledger.answers + ledger.aborts - requests,
  });
  context.check('it is ready', await headgate.ready(), 'not ready');
  context.check('nothing unexpected was logged', headgate.bugs.length === 0, headgate.bugs.slice(0, 3).join('\n'));
}

/** Resident memory in the second half of a time. */
async function resident(pid: number, meanwhile: () => Promise<void>): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const timer = setInterval(() => samples.push({ seconds: performance.now() / 1000, mib: rss(pid) / 1024 }), SAMPLE_MS);
  await meanwhile();
  clearInterval(timer);
  return samples.slice(Math.floor(samples.length / 2));
}

/** False: something is left. */
function settle(headgate: HeadgateProcess, before: number): Promise<boolean> {
  return within(QUIET_MS, async () => {
    const inFlight = await headgate.metric('headgate_requests_in_flight');
    const connections = await headgate.metric('headgate_connections');
    return inFlight === 0 && connections === 0 && sockets(headgate.pid) <= before;
  });
}

async function state(headgate: HeadgateProcess, before: number): Promise<string> {
  const inFlight = await headgate.metric('headgate_requests_in_flight');
  return `${inFlight} in flight, ${sockets(headgate.pid)} sockets and not ${before}`;
}

async function judgeCounts(context: Context, headgate: HeadgateProcess, ledger: Ledger): Promise<void> {
  const metrics = await headgate.metrics();
  const counted = new Map<number, number>();
  for (const [, status, value] of metrics.matchAll(/^headgate_requests_total\{.*status="(\d+)".*\} (\d+)$/gm)) {
    if (value !== '0') counted.set(Number(status), (counted.get(Number(status)) ?? 0) + Number(value));
  }
  const list = (counts: ReadonlyMap<string | number, number>): string =>
    [...counts]
      .map(([key, count]) => `${key}: ${count}`)
      .sort()
      .join(', ');
  context.figure(
    'requests',
    `${ledger.answers} answered, ${ledger.aborts} aborted or cut, ${ledger.unfinished} never finished`,
  );
  context.figure('answers by status', list(ledger.certain));
  context.figure('counted by status', list(counted));
  context.figure('visits', list(ledger.kinds));
  const differences = ledger.differences(counted);
  context.check('every request is counted once, with its status', differences.length === 0, differences.join('; '));
  const wrong = ledger.wrong;
  context.check(
    'everybody got the answer that is his',
    wrong.length === 0,
    `${wrong.length}: ${[...new Set(wrong)].slice(0, 8).join('; ')}`,
  );
}

interface Grown {
  readonly samples: readonly Sample[];
  /** Bytes that came to be alive in the second part, and its requests. */
  readonly live: number;
  readonly requests: number;
}

function judgeMemory(context: Context, { samples, live, requests }: Grown): void {
  const perSecond = slope(samples.map(({ seconds, mib }) => [seconds, mib] as const));
  const seconds = (samples.at(-1)?.seconds ?? 0) - (samples[0]?.seconds ?? 0);
  const growth = perSecond * seconds;
  const [first = 0, last = 0] = [samples[0]?.mib, samples.at(-1)?.mib];
  context.figure(
    'RSS, second half of the first part',
    `${first.toFixed(0)} to ${last.toFixed(0)} MiB, peak ${Math.max(...samples.map(({ mib }) => mib)).toFixed(0)}`,
  );
  context.figure('RSS slope, least squares', `${(perSecond * 60).toFixed(2)} MiB/min, ${growth.toFixed(1)} MiB in all`);
  context.figure(
    'alive after a collection',
    `${(live / 1024).toFixed(0)} KiB more, ${(live / requests).toFixed(1)} B a request`,
  );
  context.check('resident memory does not grow', growth <= RSS_GROWTH, `by ${growth.toFixed(1)} MiB`);
  const bound = LIVE_ONCE + requests * LIVE_PER_REQUEST;
  context.check('nothing stays alive', live <= bound, `${live} bytes after ${requests} requests`);
}

/** Short timeouts, so that what stalls ends within the run. */
function config(upstreams: readonly Upstream[]): string {
  const at = (index: number): string => `"127.0.0.1:${upstreams[index]?.port}"`;
  return `routes:
  - name: app
    path: /app
    versions:
      stable: { weight: 80, endpoints: [${at(0)}, ${at(1)}] }
      canary: { weight: 20, endpoints: [${at(2)}] }
    headers: [{ name: x-canary, exact: "true", to: canary }]
  - { name: half, path: /half, versions: { only: { weight: 1, endpoints: [${at(0)}, "127.0.0.1:${DEAD_PORT}"] } } }
  - { name: refuse, path: /refuse, versions: { only: { weight: 1, endpoints: ["127.0.0.1:${DEAD_PORT}"] } } }
timeouts: { connect: 1s, requestHeaders: 2s, responseHeaders: 1s, idle: 2s, keepAlive: 10s, upstreamIdle: 1s }
`;
}
