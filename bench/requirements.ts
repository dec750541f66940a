import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

const PROGRAMS = [
  { program: 'nginx', versionFlag: '-v', package: 'nginx-light' },
  { program: 'wrk', versionFlag: '-v', package: 'wrk' },
  { program: 'taskset', versionFlag: '--version', package: 'util-linux' },
];

/** Versions of what the benchmark needs. @throws Error that says what to install. */
export function requirements(): Readonly<Record<string, string>> {
  if (process.platform !== 'linux') throw new Error('the benchmark reads /proc and pins cores: it needs Linux');
  if (cpus().length < 2) throw new Error('the benchmark needs two cores: one for the proxy, one for load and upstream');
  const found = PROGRAMS.map(({ program, versionFlag }) => [program, versionOf(program, versionFlag)] as const);
  const missing = PROGRAMS.filter(({ program }) =>
    found.some(([name, version]) => name === program && version === null),
  );
  if (missing.length > 0) {
    const programs = missing.map(({ program }) => program).join(', ');
    const packages = missing.map((program) => program.package).join(' ');
    throw new Error(`not installed: ${programs}. On Debian: apt-get install ${packages}`);
  }
  return Object.fromEntries(found.map(([program, version]) => [program, version ?? '']));
}

function versionOf(program: string, flag: string): string | null {
  const { error, stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
  if (error !== undefined) return null;
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}
