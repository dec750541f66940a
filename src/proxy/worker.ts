/** The thread of one worker: messages in, a data plane within. */
import { parentPort } from 'node:worker_threads';
import type { RoutingTable } from '../routing/table.ts';
import { AccessLog } from '../telemetry/access-log.ts';
import { createLogger } from '../telemetry/logger.ts';
import { DataPlane, SWEEP_MS } from './data-plane.ts';
import type { FromWorker, ListenOn, ToWorker, WorkerStart } from './messages.ts';
import { ProxyLog } from './proxy-log.ts';
import { applyRouteChanges } from './route-changes.ts';

/** A worker that has begun. */
class RunningWorker {
  readonly #log: ProxyLog;
  readonly #plane: DataPlane;
  readonly #sweeper: NodeJS.Timeout;
  #table: RoutingTable = { routes: [] };

  constructor({ settings, counters, logLevel, slot }: WorkerStart) {
    const logger = createLogger({ level: logLevel, worker: slot });
    this.#log = new ProxyLog(logger, settings.accessLog ? new AccessLog() : null);
    this.#plane = new DataPlane(settings, counters, this.#log);
    // A bug met on one connection must not take the others with it; that connection's deadline will end it.
    process.on('uncaughtException', (error) => logger.error({ err: error.stack }, 'unexpected error in a worker'));
    this.#sweeper = setInterval(() => {
      if (this.#plane.sweep()) tell({ type: 'leftOut', endpoints: this.#plane.upstreams.leftOut() });
    }, SWEEP_MS);
  }

  async receive(message: Exclude<ToWorker, { type: 'begin' }>): Promise<void> {
    const plane = this.#plane;
    switch (message.type) {
      case 'listen':
        return this.#listen(message.on);
      case 'table':
        plane.applyEndpoints(message.changes);
        this.#table = applyRouteChanges(this.#table, message.routes);
        plane.applyTable(this.#table, message.counters, message.generation);
        return tell({ type: 'applied', generation: message.generation });
      case 'endpoints':
        return plane.applyEndpoints(message.changes);
      case 'certificates':
        return plane.renewCertificates(message.listeners);
      case 'health':
        return plane.applyHealth(message.unhealthy);
      case 'closing':
        plane.draining = true;
        return;
      case 'drain':
        return this.#drain(message.timeoutMs);
    }
  }

  async #listen(on: readonly ListenOn[]): Promise<void> {
    // All at once: certificates that are renewed meanwhile must find every listener.
    const begun = on.map(async ({ address, port, tls }) => this.#plane.listen(address, port, true, tls ?? null));
    const results = await Promise.allSettled(begun);
    const ports: number[] = [];
    for (const [i, result] of results.entries()) {
      const address = on[i];
      if (result.status === 'fulfilled') ports.push(result.value);
      else if (address !== undefined) return tell({ type: 'listenFailed', on: address, code: codeOf(result.reason) });
    }
    tell({ type: 'listening', ports });
  }

  async #drain(timeoutMs: number): Promise<void> {
    const clean = await Promise.race([
      this.#plane.drain().then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, timeoutMs, false)),
    ]);
    clearInterval(this.#sweeper);
    this.#plane.destroy();
    await this.#log.flush();
    tell({ type: 'drained', clean });
  }
}

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

let running: RunningWorker | null = null;

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'begin') running = new RunningWorker(message.start);
  else void running?.receive(message);
});
