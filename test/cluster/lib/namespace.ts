import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { command } from './command.ts';

const INSIDE = 'HEADGATE_CLUSTER_INSIDE';
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/**
 * The range of the Pods' addresses, the address of the bridge they hang on, that of the Services' addresses, and in it the
 * API server's and the name server's.
 */
export const NETWORK = {
  bridge: 'br0',
  gateway: '10.244.0.1',
  prefix: 16,
  services: '10.96.0.0/16',
  api: '10.96.0.1',
  dns: '10.96.0.10',
};

/** How a Pod of this namespace looks names up: the contents of its `/etc/resolv.conf`. */
export function resolvConf(namespace: string): string {
  const domain = 'svc.cluster.local';
  return `nameserver ${NETWORK.dns}\nsearch ${namespace}.${domain} ${domain} cluster.local\noptions ndots:5\n`;
}

export const isInside = process.env[INSIDE] !== undefined;

/**
 * Runs this program again, with the same arguments, in namespaces of its own: a network that reaches nothing, mounts
 * that nobody else sees, and a process tree that ends as a whole when this process or that one ends, however it ends.
 * Root is not needed where the kernel lets anyone make user namespaces. Resolves with its exit status.
 */
export function runInside(env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(
    'unshare',
    [...unshareFlags(), '--', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...env, [INSIDE]: '1' } },
  );
  // A terminal tells the whole group; the one inside decides. Somebody's `kill` tells this process alone.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {
    if (child.connected) child.disconnect();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function unshareFlags(): readonly string[] {
  const asUser = ['--user', '--map-root-user', ...NAMESPACES];
  const tries = process.getuid?.() === 0 ? [NAMESPACES, asUser] : [asUser];
  let complaint = '';
  for (const flags of tries) {
    const { status, stderr, error } = spawnSync('unshare', [...flags, '--', 'ip', 'link', 'set', 'lo', 'up'], {
      encoding: 'utf8',
    });
    if (status === 0) return flags;
    complaint = error?.message ?? stderr.trim();
  }
  throw new Error(
    `This kernel gives no namespaces: ${complaint}\nRun it as root, or allow user namespaces ` +
      '(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces).',
  );
}

/** To be called first of all inside: makes the network, and ends everything when the process outside is gone. */
export async function settleInside(): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  const { bridge, gateway, prefix, api, services } = NETWORK;
  // `ip netns` keeps its names in /run/netns.
  await command('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  mkdirSync('/run/netns');
  await command('ip', ['-batch', '-'], {
    input: [
      'link set lo up',
      `address add ${api}/32 dev lo`,
      // Whoever listens at an address of this range has it; nobody has to add each.
      `route add local ${services} dev lo`,
      // Without an address of its own it takes the lowest of its ports', another one when Pods come and go, and who knows
      // the old one from ARP sends into the void.
      `link add ${bridge} address 02:00:0a:f4:00:01 type bridge`,
      `address add ${gateway}/${prefix} dev ${bridge}`,
      `link set ${bridge} up`,
    ].join('\n'),
  });
  // The controllers run outside of Pods; those of a user run in one of this namespace.
  writeFileSync('/run/resolv.conf', resolvConf('argo-rollouts'));
  await command('mount', ['--bind', '/run/resolv.conf', resolverFile()]);
}

/** `/etc/resolv.conf`, or the file in /run that it may be a link to, which the new /run does not have. */
function resolverFile(): string {
  const file = '/etc/resolv.conf';
  if (existsSync(file)) return realpathSync(file);
  const target = resolve('/etc', readlinkSync(file));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, '');
  return target;
}
