import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../cluster/load/target.ts';
import { appRoute } from '../lib/app-route.ts';
import { ClosedLoop } from '../lib/closed-loop.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { judgeLoop, tally } from '../lib/judge-loop.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { startUpstream } from '../lib/upstream.ts';

const PAUSE_MS = 700;
const LOOK_MS = 50;

/** SIGTERM under full load, and another Headgate takes over: as replicas are rolled, again and again. */
export const scenario: Scenario = { name: 'take-over', seconds: 6, run };

/** Clients open connections to what says that it is ready, as a Service's endpoints do; the delay is for them to hear of it. */
async function run(context: Context): Promise<void> {
  const upstreams = await Promise.all(['one', 'two'].map((name) => startUpstream(context, name)));
  const config = `${appRoute(upstreams)}drain: { delay: 500ms, timeout: 10s }\n`;
  const start = (name: string, port: number): Promise<HeadgateProcess> =>
    HeadgateProcess.start(context, { config, name, port });
  let serving = await start('a', 0);
  const loop = new ClosedLoop({ targets: [targetOf(serving)], concurrency: 32 });
  // Some are under way when the delay is over, and are waited for.
  const long = new ClosedLoop({ targets: [targetOf(serving)], concurrency: 4, path: 'long' });
  const loops = [loop, long];
  const deadline = performance.now() + context.seconds * 1000;
  const codes: (number | null)[] = [];
  const bugs: string[] = [];
  const clean: boolean[] = [];
  /** The port of the one before last: a successor listens where another has listened before. */
  let free = 0;
  while (performance.now() < deadline) {
    await sleep(PAUSE_MS);
    const next = await start(codes.length % 2 === 0 ? 'b' : 'a', free);
    for (const each of loops) each.setTargets([targetOf(serving), targetOf(next)]);
    await sleep(PAUSE_MS);
    const ending = serving.terminate();
    while (await serving.ready()) await sleep(LOOK_MS);
    for (const each of loops) each.setTargets([targetOf(next)]);
    codes.push(await ending);
    bugs.push(...serving.bugs);
    clean.push(serving.logged('every request was answered') === 1);
    free = serving.port;
    serving = next;
  }
  await Promise.all(loops.map((each) => each.stop()));
  context.figure('take-overs', String(codes.length));
  context.figure('long requests answered, failed', `${long.answered}, ${long.failures.length}`);
  context.check('no long request failed', long.failures.length === 0, tally(long.failures));
  judgeLoop(context, loop);
  context.check('each one that was ended answered everything', clean.every(Boolean), clean.join(', '));
  context.check(
    'and ended with exit code 0',
    codes.every((code) => code === 0),
    codes.join(', '),
  );
  context.check('nothing unexpected was logged', bugs.length === 0, bugs.slice(0, 3).join('\n'));
}

function targetOf({ port }: HeadgateProcess): Target {
  return { host: '127.0.0.1', port };
}
