import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../lib/daemon.ts';
import { NETWORK } from '../lib/namespace.ts';
import type { Context } from '../lib/scenario.ts';
import type { Target } from '../load/target.ts';
import type { ServiceRouterOptions } from './service-router.ts';

/** One that takes a target at once, and one that checks its health for two seconds first. */
const DELAYS = { Service: 0, 'Service, checked 2 s': 2_000 } as const;
export type ServiceRouterName = keyof typeof DELAYS;

export interface ServiceRouters {
  readonly targets: Readonly<Record<ServiceRouterName, Target>>;
  stop(): Promise<void>;
}

let port = 9000;

/** Resolves when each answers with what the Service selects. */
export async function startRouters(
  { cluster, namespace, folder }: Context,
  services: Pick<ServiceRouterOptions, 'main' | 'other' | 'ingress' | 'header'>,
): Promise<ServiceRouters> {
  const { server, ca, token } = cluster.address;
  const start = async (targetDelayMs: number) => {
    port += 1;
    const listen = { address: NETWORK.gateway, port };
    const options: ServiceRouterOptions = {
      ...services,
      cluster: { server, ca, token },
      namespace,
      listen,
      targetDelayMs,
    };
    const daemon = new Daemon({
      name: `service-router-${port}`,
      file: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'service-router.ts')],
      env: { PATH: process.env['PATH'] ?? '', SERVICE_ROUTER: JSON.stringify(options) },
      folder,
    });
    daemon.start();
    const target = { host: listen.address, port };
    await untilServing(target, daemon);
    return { daemon, target };
  };
  const [quick, checked] = await Promise.all(Object.values(DELAYS).map(start));
  if (quick === undefined || checked === undefined) throw new Error('there are two');
  return {
    targets: { Service: quick.target, 'Service, checked 2 s': checked.target },
    stop: async () => {
      await Promise.all([quick, checked].map(({ daemon }) => daemon.stop('SIGKILL')));
    },
  };
}

async function untilServing({ host, port: at }: Target, daemon: Daemon): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const status = await fetch(`http://${host}:${at}/`).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => 0,
    );
    if (status === 200) return;
    await sleep(100);
  }
  throw new Error(`a router by Service does not serve:\n${daemon.tail()}`);
}
