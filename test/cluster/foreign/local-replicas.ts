import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { Daemon } from '../lib/daemon.ts';
import { httpProbe } from '../lib/probe.ts';
import type { Replicas } from '../lib/replicas.ts';
import { Skipped } from '../lib/skipped.ts';
import { now } from '../load/clock.ts';
import type { Target } from '../load/target.ts';

const PROGRAM = join(import.meta.dirname, '../../../bin/headgate');
const HOST = '127.0.0.1';
const READY_MS = 30_000;

interface Replica {
  readonly daemon: Daemon;
  readonly proxy: number;
  readonly admin: number;
}

export interface LocalReplicasOptions {
  /** The only one that they read. */
  readonly namespace: string;
  readonly replicas: number;
  /** `headgate.yaml`; its addresses, and its source, are replaced. */
  readonly config?: string;
  readonly folder: string;
}

/** Headgate as processes of this machine, which read the cluster with the rights of the kubeconfig. */
export class LocalReplicas implements Replicas {
  readonly #replicas: readonly Replica[];
  readonly #listeners = new Set<() => void>();

  private constructor(options: LocalReplicasOptions, ports: readonly (readonly [proxy: number, admin: number])[]) {
    this.#replicas = ports.map(([proxy, admin], index) => ({
      proxy,
      admin,
      daemon: this.#daemon(`headgate-${index + 1}`, options, proxy, admin),
    }));
  }

  /** Resolves when all are ready. @throws Error with the end of its log when one does not get ready */
  static async start(options: LocalReplicasOptions): Promise<LocalReplicas> {
    mkdirSync(options.folder, { recursive: true });
    const ports = await freePorts(2 * options.replicas);
    const pairs = Array.from(
      { length: options.replicas },
      (_, i) => [ports[2 * i] ?? 0, ports[2 * i + 1] ?? 0] as const,
    );
    const started = new LocalReplicas(options, pairs);
    for (const { daemon } of started.#replicas) daemon.start();
    try {
      await Promise.all(started.#replicas.map(ready));
    } catch (error) {
      started.close();
      throw error;
    }
    return started;
  }

  get targets(): readonly Target[] {
    return this.#running.map(({ proxy }) => ({ host: HOST, port: proxy }));
  }

  get admins(): readonly string[] {
    return this.#running.map(({ admin }) => `http://${HOST}:${admin}`);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  pods(): Promise<readonly string[]> {
    return Promise.reject(new Skipped('it runs Headgate in the cluster: name its image in HEADGATE_IMAGE'));
  }

  /** The last lines of each log. */
  tail(lines: number): string {
    return this.#replicas.map(({ daemon }) => `--- ${daemon.log}\n${daemon.tail(lines)}`).join('\n');
  }

  close(): void {
    for (const { daemon } of this.#replicas) void daemon.stop('SIGKILL');
  }

  get #running(): readonly Replica[] {
    return this.#replicas.filter(({ daemon }) => daemon.running);
  }

  #daemon(name: string, { namespace, folder, config = '' }: LocalReplicasOptions, proxy: number, admin: number) {
    const file = join(folder, `${name}.yaml`);
    const addresses = { listen: { address: HOST, port: proxy }, admin: { address: HOST, port: admin } };
    writeFileSync(file, stringify({ ...parse(config), ...addresses }));
    return new Daemon({
      name,
      file: process.execPath,
      args: [PROGRAM, 'serve', `--config=${file}`, '--kubernetes', `--namespace=${namespace}`],
      folder,
      onExit: () => {
        for (const listener of this.#listeners) listener();
      },
    });
  }
}

async function ready({ daemon, admin }: Replica): Promise<void> {
  const deadline = now() + READY_MS;
  while (!(await httpProbe(HOST, admin, '/readyz', 1_000))) {
    if (!daemon.running || now() > deadline) throw new Error(`Headgate does not get ready:\n${daemon.tail()}`);
    await sleep(50);
  }
}

/** All are open at the same time, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, HOST, () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
