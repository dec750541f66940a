import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAddress } from '../../test/cluster/lib/connection.ts';

const TICKS_A_SECOND = 100;
const ROOT = join(import.meta.dirname, '../..');

/** A Headgate that follows the API server, in a process of its own. */
export class Gateway {
  readonly port = 8080;
  readonly syncMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, syncMs: number) {
    this.#child = child;
    this.syncMs = syncMs;
  }

  /** Resolves when it is ready, with the milliseconds that this took from the start of the process. */
  static async start(folder: string, cluster: ClusterAddress): Promise<Gateway> {
    const config = join(folder, 'headgate.yaml');
    writeFileSync(
      config,
      `listen: { address: 127.0.0.1, port: 8080 }\nadmin: { address: 127.0.0.1, port: 8081 }\nsource: { kubernetes: {} }\ndrain: { delay: 0s, timeout: 1s }\n`,
    );
    const env = { ...process.env, ...serviceAccount(cluster) };
    const began = performance.now();
    const child = spawn(process.execPath, [installed(folder), 'serve', '--config', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: ROOT,
      env,
    });
    while (!(await isReady())) {
      if (child.exitCode !== null) throw new Error('Headgate has ended');
      await sleep(10);
    }
    return new Gateway(child, performance.now() - began);
  }

  /** Resident memory in MB. */
  rss(): number {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(this.#proc('status')) ?? [];
    return Number(kilobytes) / 1024;
  }

  /** CPU time in milliseconds that the main thread, which follows the cluster, has used. */
  mainThreadCpu(): number {
    const fields = this.#proc(`task/${this.#child.pid}/stat`)
      .replace(/^.*\) /, '')
      .split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.#child.pid}/${file}`, 'utf8');
  }
}

/** What the measures pay for: the program that is published, not the sources, whose types Node has to strip. */
function installed(folder: string): string {
  const own = join(folder, 'node_modules', 'headgate');
  // Below node_modules it takes what was compiled, and so has to lie there itself.
  cpSync(join(ROOT, 'bin'), join(own, 'bin'), { recursive: true });
  for (const name of ['dist', 'package.json', 'node_modules']) symlinkSync(join(ROOT, name), join(own, name));
  return join(own, 'bin', 'headgate');
}

/** As in a Pod: there the client library, which kubeconfigs need, is not loaded. `/run` is this namespace's own. */
function serviceAccount({ server, ca, token }: ClusterAddress): Readonly<Record<string, string>> {
  const folder = '/run/secrets/kubernetes.io/serviceaccount';
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ token, 'ca.crt': ca, namespace: 'default' })) {
    writeFileSync(join(folder, name), text);
  }
  const { hostname, port } = new URL(server);
  return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch('http://127.0.0.1:8081/readyz')).ok;
  } catch {
    return false;
  }
}
