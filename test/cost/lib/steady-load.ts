import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Workload } from '../../../bench/workload.ts';
import { requestBytes } from './request-bytes.ts';
import { SteadyClient } from './steady-client.ts';

const TIMEOUT_MS = 60_000;

/** Connections that send a known number of requests, each the next one when it has its answer. */
export class SteadyLoad {
  readonly #clients: readonly SteadyClient[];
  readonly #workload: Workload;

  private constructor(clients: readonly SteadyClient[], workload: Workload) {
    this.#clients = clients;
    this.#workload = workload;
  }

  /** Every connection has had an answer when it resolves. */
  static async open(port: number, workload: Workload, connections: number): Promise<SteadyLoad> {
    const message = requestBytes(workload);
    const clients: SteadyClient[] = [];
    while (clients.length < connections) {
      const to = { host: '127.0.0.1', port };
      // The certificate is the bench's own.
      const socket = workload.tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
      await once(socket, workload.tls ? 'secureConnect' : 'connect');
      socket.setNoDelay(true);
      const client = new SteadyClient(socket, message, workload.pipelined);
      await client.begin();
      clients.push(client);
    }
    return new SteadyLoad(clients, workload);
  }

  /** Resolves with the number of requests, as many as asked or a few more, when all have been answered. */
  async drive(requests: number): Promise<number> {
    const times = Math.ceil(requests / this.#clients.length / this.#workload.pipelined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, TIMEOUT_MS, new Error(`${requests} requests take more than ${TIMEOUT_MS / 1000} s`));
    });
    try {
      await Promise.race([Promise.all(this.#clients.map((client) => client.repeat(times))), late]);
    } finally {
      clearTimeout(timer);
    }
    return times * this.#clients.length * this.#workload.pipelined;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
