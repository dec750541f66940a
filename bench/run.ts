import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { Children, freePorts } from './children.ts';
import { measure, peakRss, type Round } from './measure.ts';
import { PEERS, type Peer, startUpstream } from './peers.ts';
import { prove } from './prove.ts';
import { type Measured, table } from './report.ts';
import { requirements } from './requirements.ts';
import { type BenchVersion, BODY, benchVersions, CONNECTIONS, headBytes } from './workload.ts';

/** CPU and memory of Headgate beside nginx, doing the same work in one run. See README.md. */

let interrupted = false;

const REFERENCE = 'nginx';
const WARM_UP_SECONDS = 2;
const USAGE = `Usage: node bench/run.ts [--rounds 5] [--seconds 3] [--peers ${Object.keys(PEERS).join(',')}] [--write]`;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly peers: readonly string[];
  readonly write: boolean;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) return console.log(USAGE);
  const programs = requirements();
  const children = new Children();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      void children.close().finally(() => process.exit(130));
    });
  }
  try {
    const results = await compare(children, options);
    const report = table(results, REFERENCE);
    console.log(`\n${report}`);
    if (options.write) writeFileSync(new URL('RESULTS.md', import.meta.url), resultsPage(report, options, programs));
  } finally {
    await children.close();
  }
}

async function compare(children: Children, { rounds, seconds, peers: names }: Options): Promise<readonly Measured[]> {
  const versions = benchVersions(await freePorts(6));
  await startUpstream(children, versions);
  const peers = await startPeers(children, versions, names);
  for (const peer of peers) await measure(children, peer, WARM_UP_SECONDS);
  const results = new Map<Peer, Round[]>(peers.map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another peer, so that none is always the first or follows the same one.
    const first = round % peers.length;
    for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
      const result = await measure(children, peer, seconds);
      results.get(peer)?.push(result);
      console.log(`round ${round + 1}: ${peer.name} ${result.cpu.toFixed(1)} us`);
    }
  }
  return peers.map((peer) => ({ name: peer.name, rounds: results.get(peer) ?? [], peakRss: peakRss(peer.pid) }));
}

async function startPeers(
  children: Children,
  versions: readonly BenchVersion[],
  names: readonly string[],
): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  for (const name of names) {
    const peer = await PEERS[name]?.(children, versions);
    if (peer === undefined) continue;
    peers.push(peer);
    console.log(`${name}: ${peer.routes ? await prove(peer, versions) : 'routes nothing; a floor'}`);
  }
  return peers;
}

/** Null: only the usage was asked for. */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      peers: { type: 'string', default: Object.keys(PEERS).join(',') },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const peers = values.peers.split(',');
  const unknown = peers.filter((name) => !Object.hasOwn(PEERS, name));
  if (unknown.length > 0) throw new Error(`no such peer: ${unknown.join(', ')}\n${USAGE}`);
  if (![rounds, seconds].every((count) => Number.isInteger(count) && count > 0)) throw new Error(USAGE);
  return { rounds, seconds, peers, write: values.write };
}

function resultsPage(report: string, options: Options, programs: Readonly<Record<string, string>>): string {
  const { rounds, seconds, peers } = options;
  const command = `npm run bench -- --rounds ${rounds} --seconds ${seconds} --peers ${peers.join(',')} --write`;
  return `# Results

Written by \`${command}\`; README.md says what is measured.

- ${new Date().toISOString().slice(0, 10)}; Linux ${release()}; ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}
- Node.js ${process.versions.node}, nginx ${programs['nginx']}, wrk ${programs['wrk']}
- GET, ${BODY.length}-byte body, ${CONNECTIONS} connections, request head of ${headBytes(10_000)} bytes
- ${rounds} interleaved rounds of ${seconds} s: median (least-greatest)

${report}
`;
}

try {
  await main();
} catch (error) {
  // What was ended on purpose is no news.
  if (!interrupted) console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
