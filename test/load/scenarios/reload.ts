import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedLoop } from '../lib/closed-loop.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { judgeLoop } from '../lib/judge-loop.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { startUpstream, type Upstream } from '../lib/upstream.ts';

const WRITE_MS = 200;
/** Every so many writes the file is broken, or written in two steps. */
const BROKEN_EVERY = 7;

/** The configuration changes every 200 ms under full load: weights, versions, endpoints, routes; now and then it is broken. */
export const scenario: Scenario = { name: 'reload', seconds: 6, run };

async function run(context: Context): Promise<void> {
  const upstreams = await Promise.all(['one', 'two', 'three'].map((name) => startUpstream(context, name)));
  const headgate = await HeadgateProcess.start(context, { config: routes(upstreams, 0) });
  const loop = new ClosedLoop({ targets: [{ host: '127.0.0.1', port: headgate.port }], concurrency: 32 });
  const deadline = performance.now() + context.seconds * 1000;
  let writes = 0;
  while (performance.now() < deadline) {
    writes += 1;
    write(headgate.config, headgate.rewrite(routes(upstreams, writes)), writes % BROKEN_EVERY);
    await sleep(WRITE_MS);
  }
  await loop.stop();
  const reloads = headgate.logged('configuration reloaded');
  const refused = headgate.logged('the changed configuration is not applied');
  context.figure('configurations written', String(writes));
  context.figure('reloaded, refused', `${reloads}, ${refused}`);
  judgeLoop(context, loop);
  // The file is looked at once a second; a starved machine may miss one or the other.
  context.check('it was reloaded all the time', reloads + refused >= context.seconds / 3, `${reloads} times`);
  const { generation, workers } = await headgate.table();
  context.check('every reload made a table', generation > reloads / 2, `generation ${generation}`);
  context.check(
    'every worker applies the last one',
    workers.every((applied) => applied === generation),
    workers.join(' and '),
  );
  context.check('nothing unexpected was logged', headgate.bugs.length === 0, headgate.bugs.slice(0, 3).join('\n'));
}

function write(file: string, text: string, turn: number): void {
  if (turn === 0) writeFileSync(file, 'routes: [ this is no configuration');
  else if (turn === 1) {
    // As an editor does that does not know better: half of it is there for a moment.
    writeFileSync(file, text.slice(0, text.length / 2));
    writeFileSync(file, text);
  } else {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}

/** Never twice the same: the weights, which endpoints a version has, whether a version and a route are there at all. */
function routes(upstreams: readonly Upstream[], turn: number): string {
  const endpoint = (index: number): string => `"127.0.0.1:${upstreams[index % upstreams.length]?.port}"`;
  const canary = turn % 3 === 0 ? '' : `      canary: { weight: ${turn % 100}, endpoints: [${endpoint(turn)}] }\n`;
  const another = `  - name: another-${turn % 5}\n    path: /another\n    versions:\n      only: { weight: 1, endpoints: [${endpoint(turn)}] }\n`;
  return `routes:
  - name: app
    path: /app
    versions:
      stable: { weight: ${100 - (turn % 100)}, endpoints: [${endpoint(turn)}, ${endpoint(turn + 1)}] }
${canary}${turn % 2 === 0 ? another : ''}`;
}
