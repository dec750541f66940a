import { setTimeout as sleep } from 'node:timers/promises';
import { appRoute } from '../lib/app-route.ts';
import { ClosedLoop, type Failure } from '../lib/closed-loop.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { judgeLoop, tally } from '../lib/judge-loop.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { until } from '../lib/until.ts';
import { startUpstream, type Upstream } from '../lib/upstream.ts';

const CONCURRENCY = 32;
const PAUSE_MS = 1_000;
const LOOK_MS = 50;
/** One that is back is soon chosen again: with the other one killed meanwhile, there would be none. */
const EJECTION = 'ejection: { time: 1s, maxTime: 1s }\n';

/** One of two upstreams is killed with SIGKILL under full load, and comes back; then the other. */
export const scenario: Scenario = { name: 'upstream-kill', seconds: 5, run };

interface Kill {
  /** Milliseconds since 1970, at which the process was seen to be gone. */
  readonly goneAt: number;
  /** POSTs that were under way until then, at either of the two. */
  readonly posts: number;
}

/** A GET may be sent again, and is: none fails. A POST that the dead process may have acted upon may not: those that were under way may fail. */
async function run(context: Context): Promise<void> {
  const upstreams: Upstream[] = await Promise.all(['one', 'two'].map((name) => startUpstream(context, name)));
  const headgate = await HeadgateProcess.start(context, { config: `${appRoute(upstreams)}${EJECTION}` });
  const loop = new ClosedLoop({ targets: [{ host: '127.0.0.1', port: headgate.port }], concurrency: CONCURRENCY });
  const deadline = performance.now() + context.seconds * 1000;
  const kills: Kill[] = [];
  await sleep(PAUSE_MS);
  while (performance.now() < deadline) {
    const index = kills.length % upstreams.length;
    const victim = upstreams[index];
    if (victim === undefined) break;
    victim.started.child.kill('SIGKILL');
    await victim.started.ended;
    kills.push({ goneAt: performance.timeOrigin + performance.now(), posts: loop.postsUnderway });
    await sleep(PAUSE_MS);
    upstreams[index] = await startUpstream(context, victim.name, victim.port);
    await until(() => rejoined(headgate), 'the return of the one that was killed');
  }
  await sleep(PAUSE_MS);
  await loop.stop();
  const inFlight = (failure: Failure): boolean =>
    failure.method === 'POST' &&
    failure.status === 502 &&
    kills.some(({ goneAt }) => failure.beganAt <= goneAt && failure.endedAt >= goneAt - PAUSE_MS);
  const lost = loop.failures.filter(inFlight);
  const gets = loop.failures.filter(({ method }) => method === 'GET');
  context.figure('upstreams killed', String(kills.length));
  context.figure(
    'POSTs lost with them',
    `${lost.length}; ${kills.map(({ posts }) => posts).join(', ')} were under way`,
  );
  for (const reason of ['reset', 'connect']) {
    const count = await headgate.metric('headgate_retries_total', { reason });
    context.figure(`sent again (${reason})`, String(count));
  }
  context.check('no GET failed', gets.length === 0, tally(gets));
  judgeLoop(context, loop, lost);
  context.check(
    'no kill cost more POSTs than could be under way',
    lost.length <= kills.length * CONCURRENCY,
    tally(lost),
  );
  context.check('nothing unexpected was logged', headgate.bugs.length === 0, headgate.bugs.slice(0, 3).join('\n'));
}

/** No worker leaves an endpoint out, nor does for a while: between two ejections one is on trial, and not counted for a moment. */
async function rejoined(headgate: HeadgateProcess): Promise<boolean> {
  for (const end = performance.now() + PAUSE_MS; performance.now() < end; await sleep(LOOK_MS)) {
    if ((await headgate.metric('headgate_endpoints_ejected')) > 0) return false;
  }
  return true;
}
