import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Child, Children } from './children.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { spawnHeadgate } from './headgate-process.ts';
import { spawnNginx } from './peers/nginx.ts';
import type { Peer, PeerOptions } from './peers/peer.ts';
import { table } from './report.ts';
import { requestText } from './request-text.ts';
import type { Section, SectionResult, Setting, TargetRow } from './section.ts';
import { median, spread } from './spread.ts';

/** From the start of the process to the first answer of an upstream. */
export const startSection: Section = { name: 'start', title: 'Start to the first answer', run };

/** Whose sources Node.js has to strip of their types, and to load one by one. */
const REPOSITORY = fileURLToPath(new URL('../bin/headgate', import.meta.url));
const STARTS = 10;
const LONGEST_START_MS = 300;
const PATIENCE_MS = 10_000;

/** A program, and how it is started; nobody waits for it. */
interface Way {
  readonly name: string;
  readonly target: boolean;
  spawn(options: PeerOptions): Promise<Pick<Peer, 'child' | 'port'>>;
}

async function run({ children, versions }: Setting): Promise<SectionResult> {
  const ways: readonly Way[] = [
    { name: 'headgate, the package', target: true, spawn: (options) => spawnHeadgate(children, options) },
    {
      name: 'headgate, the repository',
      target: false,
      spawn: (options) => spawnHeadgate(children, options, { program: REPOSITORY }),
    },
    { name: 'nginx', target: false, spawn: (options) => spawnNginx(children, options) },
  ];
  const rows: string[][] = [];
  const targets: TargetRow[] = [];
  for (const way of ways) {
    const cells = [way.name];
    for (const cores of [[PROXY_CORE], [PROXY_CORE, LOAD_CORE]]) {
      const times = await startTimes(children, way, { versions, tls: null, workers: 1, cores });
      cells.push(spread(times, 0));
      console.log(`start: ${way.name}, cores ${cores.join(' and ')}: ${spread(times, 0)} ms`);
      if (!way.target) continue;
      targets.push({
        what: `Start, ${way.name}, ${cores.length === 1 ? 'one core' : 'two cores'}`,
        toBeat: `at most ${LONGEST_START_MS} ms`,
        measured: `${spread(times, 0)} ms`,
        met: median(times) <= LONGEST_START_MS,
      });
    }
    rows.push(cells);
  }
  const markdown = [
    `From the spawning of the process until a client has the first byte of a proxied answer, milliseconds, median of ${STARTS} (least-greatest); the client tries to connect every millisecond. One worker, static versions from the configuration file.`,
    table(['Proxy', 'on one core', 'on two cores'], rows),
  ];
  return { markdown: markdown.join('\n\n'), targets, failures: [] };
}

/** The first one is not counted: it reads the files from the disk. */
async function startTimes(children: Children, way: Way, options: PeerOptions): Promise<readonly number[]> {
  const times: number[] = [];
  for (let start = 0; start <= STARTS; start += 1) {
    const { child, port } = await way.spawn(options);
    times.push((await firstAnswer(child, port)) - child.spawnedAt);
    await children.end(child);
  }
  return times.slice(1);
}

/** When the first byte of an answer arrived, by performance.now(). */
async function firstAnswer(child: Child, port: number): Promise<number> {
  for (const deadline = child.spawnedAt + PATIENCE_MS; performance.now() < deadline; await sleep(1)) {
    const answeredAt = await ask(port);
    if (answeredAt !== null) return answeredAt;
    if (child.ended() !== null) break;
  }
  throw new Error(`${child.name} does not answer after ${PATIENCE_MS / 1000} s: ${child.output().trim()}`);
}

/** Null when nobody listens yet. */
function ask(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(requestText(port)));
    socket.setEncoding('latin1');
    socket.once('data', (answer: string) => {
      const answeredAt = performance.now();
      socket.destroy();
      if (answer.startsWith('HTTP/1.1 200 ')) resolve(answeredAt);
      else reject(new Error(`the first answer is ${answer}`));
    });
    socket.once('error', () => resolve(null));
    socket.once('end', () => resolve(null));
  });
}
