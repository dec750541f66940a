import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { appRoute } from '../lib/app-route.ts';
import { ClosedLoop } from '../lib/closed-loop.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { judgeLoop } from '../lib/judge-loop.ts';
import { openFilesLimit, rss } from '../lib/proc.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { until, within } from '../lib/until.ts';
import { startUpstream } from '../lib/upstream.ts';

const IDLE = 10_000;
/** Sockets and files that a process has besides. */
const BESIDES = 500;
/** Connections that are being opened at a time. */
const AT_ONCE = 100;
const REQUEST = 'GET /app/ HTTP/1.1\r\nhost: a\r\n\r\n';
/** What two kernels' sockets, a thread's share and a connection's objects come to is far below. KiB. */
const BOUND = 32;

/** Ten thousand connections that have had their answer and stay open, beside others that are used. */
export const scenario: Scenario = { name: 'idle-connections', seconds: 4, run };

async function run(context: Context): Promise<void> {
  const limit = openFilesLimit();
  if (limit < IDLE + BESIDES) {
    const found = `this process may open ${limit} files: raise it with \`ulimit -n ${IDLE + BESIDES}\``;
    context.check('there are enough file descriptors', false, found);
    return;
  }
  const upstreams = await Promise.all(['one', 'two'].map((name) => startUpstream(context, name)));
  const config = `${appRoute(upstreams)}timeouts: { keepAlive: 1h, upstreamIdle: 1s }\nlimits: { connections: ${IDLE + BESIDES} }\n`;
  const headgate = await HeadgateProcess.start(context, { config });
  const targets = [{ host: '127.0.0.1', port: headgate.port }];
  // What the first thousands of requests build up once is no connection's.
  const warmUp = new ClosedLoop({ targets, concurrency: 32 });
  await sleep(2_000);
  await warmUp.stop();
  const [before, liveBefore] = await quiet(headgate, 0);
  const idle = await openAll(headgate.port);
  const [after, liveAfter] = await quiet(headgate, IDLE);
  context.figure('idle connections', String(IDLE));
  context.figure('kB for each, resident', (((after - before) * 1.024) / IDLE).toFixed(1));
  context.figure('kB for each, alive on the heaps', ((liveAfter - liveBefore) / 1000 / IDLE).toFixed(1));
  context.figure('RSS before and after', `${(before / 1024).toFixed(0)} and ${(after / 1024).toFixed(0)} MiB`);
  const each = (after - before) / IDLE;
  context.check(`an idle connection takes less than ${BOUND} KiB`, each < BOUND, `${each.toFixed(1)} KiB`);
  const loop = new ClosedLoop({ targets, concurrency: 32 });
  await sleep(context.seconds * 1000);
  await loop.stop();
  judgeLoop(context, loop);
  const again = await Promise.all(idle.filter((_, index) => index % 100 === 0).map(ask));
  context.check(
    'an idle connection can be used again',
    again.every((status) => status === 200),
    again.join(' '),
  );
  const closed = idle.filter((socket) => socket.destroyed || socket.readableEnded).length;
  context.check('all of them are open still', closed === 0, `${closed} are closed`);
  for (const socket of idle) socket.destroy();
  const gone = await within(10_000, async () => (await headgate.metric('headgate_connections')) === 0);
  context.check(
    'and none is left when the clients have gone',
    gone,
    `${await headgate.metric('headgate_connections')}`,
  );
  context.check('nothing unexpected was logged', headgate.bugs.length === 0, headgate.bugs.slice(0, 3).join('\n'));
}

/** Resident KiB and live bytes, when nothing but so many connections is left and garbage has been collected. */
async function quiet(headgate: HeadgateProcess, connections: number): Promise<readonly [number, number]> {
  await until(
    async () => (await headgate.metric('headgate_connections')) === connections,
    `${connections} connections`,
  );
  // The upstreams' connections are swept away meanwhile.
  await sleep(2_000);
  const live = await headgate.liveBytes();
  await sleep(500);
  return [rss(headgate.pid), live];
}

async function openAll(port: number): Promise<readonly Socket[]> {
  const idle: Socket[] = [];
  while (idle.length < IDLE) {
    const opened = Array.from({ length: AT_ONCE }, () => connect({ host: '127.0.0.1', port, noDelay: true }));
    const statuses = await Promise.all(opened.map(ask));
    if (statuses.some((status) => status !== 200))
      throw new Error(
        `${statuses.filter((status) => status !== 200).length} of ${AT_ONCE} got no answer with status 200`,
      );
    idle.push(...opened);
  }
  return idle;
}

/** One request. Resolves with the status; with 0 when the connection closes. */
function ask(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    const onData = (bytes: Buffer): void => {
      socket.off('close', onClose);
      resolve(Number(bytes.toString('latin1', 9, 12)));
    };
    const onClose = (): void => resolve(0);
    socket.once('data', onData);
    socket.once('close', onClose);
    socket.on('error', () => undefined);
    socket.write(REQUEST);
  });
}
