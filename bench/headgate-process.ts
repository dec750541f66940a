import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Children, freePorts } from './children.ts';
import { headgateConfig } from './headgate-config.ts';
import { installPackage } from './package.ts';
import type { Peer, PeerOptions } from './peers/peer.ts';
import { answering } from './peers/ready.ts';

/** A Headgate that a section starts in a way of its own. */
export interface HeadgateProcess extends Peer {
  readonly adminPort: number;
}

/** How it differs from the package's `headgate`. */
interface Manner {
  /** Another one than that of the package. */
  readonly program?: string;
  /** Of Node.js. */
  readonly flags?: readonly string[];
  /** A command that runs the command after it, such as strace. */
  readonly under?: { readonly command: string; readonly args: readonly string[] } | null;
}

/** Starts Headgate, and does not wait for it. */
export async function spawnHeadgate(
  children: Children,
  options: PeerOptions,
  { program, flags = [], under = null }: Manner = {},
): Promise<HeadgateProcess> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const config = join(children.newFolder('headgate'), 'headgate.yaml');
  writeFileSync(config, stringify(headgateConfig(port, adminPort, options)));
  const own = [...flags, program ?? (await installPackage(children)), 'serve', '--config', config];
  const [command, args] =
    under === null ? [process.execPath, own] : [under.command, [...under.args, process.execPath, ...own]];
  const child = children.start('headgate', options.cores, command, args);
  return { name: 'headgate', port, adminPort, pid: child.pid, child, routes: true };
}

/** Starts it, and waits until it is ready. */
export async function startHeadgate(
  children: Children,
  options: PeerOptions,
  manner: Manner = {},
): Promise<HeadgateProcess> {
  const started = await spawnHeadgate(children, options, manner);
  await answering(children, started.child, started.adminPort, '/readyz');
  return started;
}

/** One that prints its collections of garbage (gc-trace.ts reads them). */
export async function startTraced(children: Children, options: PeerOptions): Promise<HeadgateProcess> {
  return startHeadgate(children, options, { flags: ['--trace-gc'] });
}

/** Scrapes as Prometheus does, every 5 seconds, until the action is done. @throws what the action throws, or why a scrape failed. */
export async function whileScraped<T>({ adminPort }: HeadgateProcess, action: () => Promise<T>): Promise<T> {
  let failure: Error | null = null;
  const timer = setInterval(() => {
    request({ host: '127.0.0.1', port: adminPort, path: '/metrics', agent: false }, (response) => response.resume())
      .once('error', (error) => {
        failure ??= error;
      })
      .end();
  }, 5_000);
  try {
    const result = await action();
    if (failure !== null) throw failure;
    return result;
  } finally {
    clearInterval(timer);
  }
}
