import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Child, freePorts } from '../../../bench/children.ts';
import { PROXY_CORE } from '../../../bench/cores.ts';
import { headgateConfig } from '../../../bench/headgate-config.ts';
import { answering } from '../../../bench/peers/ready.ts';
import type { Context } from './scenario.ts';

const PROGRAM = join(import.meta.dirname, '../../../bin/headgate');

/** A Headgate process, ready. */
export interface SteadyHeadgate {
  readonly port: number;
  readonly child: Child;
}

export interface SteadyOptions {
  readonly tls?: boolean;
  /** Whether its clients are proxies that it trusts: it adds to their fields instead of replacing them. */
  readonly trusting?: boolean;
  /** Arguments of Node.js. */
  readonly node?: readonly string[];
  /** Added to this process's. */
  readonly environment?: readonly `${string}=${string}`[];
}

/** Starts the bench's Headgate, one worker. Idle upstream connections stay, so that none is closed or opened between two loads. */
export async function startSteadyHeadgate(
  { children, versions, certificate }: Context,
  { tls = false, trusting = false, node = [], environment = [] }: SteadyOptions,
): Promise<SteadyHeadgate> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const file = join(children.newFolder('headgate'), 'headgate.yaml');
  const options = { versions, tls: tls ? certificate : null, workers: 1, cores: [PROXY_CORE] };
  const config = {
    ...headgateConfig(port, adminPort, options),
    timeouts: { keepAlive: '600s', upstreamIdle: '600s' },
    forwarded: { trusted: trusting ? ['127.0.0.0/8'] : [] },
  };
  writeFileSync(file, stringify(config));
  const command = [...environment, process.execPath, ...node, PROGRAM, 'serve', '--config', file];
  const child = children.start('headgate', PROXY_CORE, 'env', command);
  await answering(children, child, adminPort, '/readyz');
  return { port, child };
}
