import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../lib/connection.ts';
import { Daemon } from '../lib/daemon.ts';
import { now } from '../load/clock.ts';

const TIMEOUT_MS = 20_000;

/**
 * `kubectl proxy` behind a socket that only this user can open: it shows whatever credentials the kubeconfig has
 * (certificates, tokens, plugins), and gets new ones when they expire.
 */
export class KubectlProxy {
  readonly connection: Connection;
  readonly #daemon: Daemon;

  private constructor(daemon: Daemon, socket: string) {
    this.#daemon = daemon;
    this.connection = new Connection({ socket });
  }

  /** @param folder private, for the socket. @throws Error with what kubectl says when it does not come up */
  static async start(programs: string, folder: string): Promise<KubectlProxy> {
    const socket = join(folder, 'api.sock');
    const args = ['proxy', `--unix-socket=${socket}`];
    const daemon = new Daemon({ name: 'kubectl-proxy', file: join(programs, 'kubectl'), args, folder });
    daemon.start();
    const deadline = now() + TIMEOUT_MS;
    while (!existsSync(socket)) {
      if (!daemon.running || now() > deadline) throw new Error(`kubectl proxy does not start: ${daemon.tail()}`);
      await sleep(50);
    }
    return new KubectlProxy(daemon, socket);
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.#daemon.stop('SIGTERM', 2_000);
  }
}
