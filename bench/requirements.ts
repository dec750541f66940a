import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Product } from './peers/peer.ts';

const TOOLS = [
  { program: 'nginx', versionFlag: '-v', package: 'nginx-light' },
  { program: 'wrk', versionFlag: '-v', package: 'wrk' },
  { program: 'h2load', versionFlag: '--version', package: 'nghttp2-client' },
  { program: 'openssl', versionFlag: 'version', package: 'openssl' },
  { program: 'taskset', versionFlag: '--version', package: 'util-linux' },
];

/** One line on each program of a run, with its version. @throws Error that says what to install. */
export function requirements(peers: readonly Product[]): readonly string[] {
  if (process.platform !== 'linux') throw new Error('the benchmark reads /proc and pins cores: it needs Linux');
  if (cpus().length < 2) throw new Error('the benchmark needs two cores: one for the proxy, one for load and upstream');
  const versions = TOOLS.map(({ program, versionFlag }) => [program, versionOf(program, versionFlag)] as const);
  const missing = TOOLS.filter(({ program }) => versions.some(([name, found]) => name === program && found === null));
  if (missing.length > 0) {
    const programs = missing.map(({ program }) => program).join(', ');
    const packages = missing.map((tool) => tool.package).join(' ');
    throw new Error(`not installed: ${programs}. On Debian: apt-get install ${packages}`);
  }
  const products = peers.map((peer) => `${peer.name} ${peer.version()}`);
  return [...products, ...versions.map(([name, found]) => `${name} ${found ?? ''}`)];
}

function versionOf(program: string, flag: string): string | null {
  const { error, stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
  if (error !== undefined) return null;
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}
