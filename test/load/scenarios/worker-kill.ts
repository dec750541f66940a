import { setTimeout as sleep } from 'node:timers/promises';
import { appRoute } from '../lib/app-route.ts';
import { ClosedLoop, type Failure } from '../lib/closed-loop.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { judgeLoop, tally } from '../lib/judge-loop.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { until } from '../lib/until.ts';
import { startUpstream } from '../lib/upstream.ts';

const CONCURRENCY = 32;
const PAUSE_MS = 1_500;

/** A worker thread is ended in the middle of its work, again and again; it is replaced each time. */
export const scenario: Scenario = { name: 'worker-kill', seconds: 5, run };

/**
 * A thread that ends takes its connections with it, and its listening socket with the connections that the kernel has queued
 * there: what was under way on those fails, and can only fail. Nobody else may notice: so at most one failure for each
 * connection of the client and kill, and only as a connection that closed, never as an answer.
 */
async function run(context: Context): Promise<void> {
  const upstreams = await Promise.all(['one', 'two'].map((name) => startUpstream(context, name)));
  const headgate = await HeadgateProcess.start(context, { config: appRoute(upstreams) });
  const loop = new ClosedLoop({ targets: [{ host: '127.0.0.1', port: headgate.port }], concurrency: CONCURRENCY });
  const deadline = performance.now() + context.seconds * 1000;
  const kills: { readonly from: number; readonly until: number }[] = [];
  while (performance.now() < deadline) {
    await sleep(PAUSE_MS);
    const from = performance.timeOrigin + performance.now();
    headgate.killWorker();
    await until(async () => (await restarted(headgate)) > kills.length, 'the end of a worker');
    await until(() => headgate.ready(), 'its successor');
    kills.push({ from, until: performance.timeOrigin + performance.now() });
  }
  await sleep(PAUSE_MS);
  await loop.stop();
  const during = ({ beganAt, endedAt }: Failure): boolean =>
    kills.some(({ from, until }) => endedAt >= from && beganAt <= until);
  const cut = loop.failures.filter((failure) => failure.status === null && during(failure));
  context.figure('workers killed', String(kills.length));
  context.figure('requests lost with them', `${cut.length} of at most ${kills.length * CONCURRENCY}`);
  judgeLoop(context, loop, cut);
  context.check(
    'a kill costs no more than what was under way',
    kills.every(
      (kill) =>
        cut.filter(({ beganAt, endedAt }) => endedAt >= kill.from && beganAt <= kill.until).length <= CONCURRENCY,
    ),
    tally(cut),
  );
  await judgeProcess(context, headgate, kills.length);
}

async function judgeProcess(context: Context, headgate: HeadgateProcess, kills: number): Promise<void> {
  const count = await restarted(headgate);
  context.check('every kill is counted as a restart', count === kills, `${count} restarts after ${kills} kills`);
  const inFlight = await headgate.metric('headgate_requests_in_flight');
  context.check('nothing is in flight any more', inFlight === 0, `${inFlight}`);
  const told = headgate.bugs.filter((line) => !line.includes('a worker ended and is replaced'));
  context.check('nothing else unexpected was logged', told.length === 0, told.slice(0, 3).join('\n'));
}

function restarted(headgate: HeadgateProcess): Promise<number> {
  return headgate.metric('headgate_workers_restarted_total');
}
