import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Children, freePorts } from './children.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { cpuTime } from './cpu-time.ts';
import { headgate } from './peers/headgate.ts';
import { nginx } from './peers/nginx.ts';
import type { Peer, Product } from './peers/peer.ts';
import { listening } from './peers/ready.ts';
import { relay } from './peers/relay.ts';
import type { LoadResult } from './quick/load.ts';
import { benchVersions } from './routing.ts';

/** A first impression in a quarter of a minute, with nothing but npm packages: autocannon for load, node:http for upstream. See README.md. */

const CONNECTIONS = 64;
const WARM_UP_SECONDS = 1;
const USAGE = 'Usage: node bench/quick.ts [--seconds 3]';

let interrupted = false;

interface Row extends LoadResult {
  readonly name: string;
  /** Microseconds of the proxy's CPU a request; null where the system does not tell. */
  readonly cpu: number | null;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '3' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  const seconds = Number(values.seconds);
  if (values.help) return console.log(USAGE);
  if (!Number.isInteger(seconds) || seconds < 1) throw new Error(USAGE);
  const children = new Children();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      void children.close().finally(() => process.exit(130));
    });
  }
  try {
    const rows = await compare(children, seconds);
    console.log(table(rows));
  } finally {
    await children.close();
  }
}

async function compare(children: Children, seconds: number): Promise<readonly Row[]> {
  const loadCore = availableParallelism() > 1 ? LOAD_CORE : PROXY_CORE;
  const versions = benchVersions(await freePorts(6));
  const ports = versions.flatMap((version) => version.ports);
  const upstream = children.start('upstream', loadCore, process.execPath, [
    script('upstream.ts'),
    ...ports.map(String),
  ]);
  for (const port of ports) await listening(children, upstream, port);
  const rows: Row[] = [];
  for (const product of [headgate, relay, nginx]) {
    if (!isInstalled(product)) continue;
    const peer = await product.start(children, { versions, tls: null, workers: 1, cores: [PROXY_CORE] });
    await load(children, peer, loadCore, WARM_UP_SECONDS);
    rows.push(await load(children, peer, loadCore, seconds));
  }
  return rows;
}

async function load(children: Children, { name, port, pid }: Peer, core: number, seconds: number): Promise<Row> {
  const before = cpuOf(pid);
  const numbers = [port, CONNECTIONS, seconds].map(String);
  const output = await children.finish('autocannon', core, process.execPath, [script('load.ts'), ...numbers]);
  const after = cpuOf(pid);
  const result: LoadResult = JSON.parse(output);
  if (result.wrong > 0) throw new Error(`${name}: ${result.wrong} of ${result.requests} answers were wrong`);
  return {
    ...result,
    name,
    cpu: before === null || after === null ? null : ((after - before) * 1e6) / result.requests,
  };
}

function isInstalled(product: Product): boolean {
  try {
    product.version();
    return true;
  } catch (error) {
    console.log(`without ${product.name}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Seconds of CPU that a process has used; null where there is no /proc. */
function cpuOf(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const { user, system } = cpuTime(pid);
  return user + system;
}

function script(name: string): string {
  return fileURLToPath(new URL(`quick/${name}`, import.meta.url));
}

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ name, requestsPerSecond, p50, p99, cpu }) => [
    name,
    requestsPerSecond.toFixed(0),
    `${p50} ms`,
    `${p99} ms`,
    cpu === null ? 'unknown' : `${cpu.toFixed(1)} us`,
  ]);
  const columns = ['', 'requests/s', 'p50', 'p99', 'CPU/request'];
  const widths = columns.map((column, index) =>
    Math.max(...[columns, ...cells].map((row) => (row[index] ?? column).length)),
  );
  return [columns, ...cells]
    .map((row) =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

try {
  await main();
} catch (error) {
  // What was ended on purpose is no news.
  if (!interrupted) console.error(`bench:quick: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
