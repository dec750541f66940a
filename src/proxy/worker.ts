/** The thread of one worker: messages in, a data plane within. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RoutingTable } from '../routing/table.ts';
import { AccessLog } from '../telemetry/access-log.ts';
import { createLogger } from '../telemetry/logger.ts';
import { DataPlane, SWEEP_MS } from './data-plane.ts';
import type { FromWorker, ListenOn, ToWorker, WorkerStart } from './messages.ts';
import { ProxyLog } from './proxy-log.ts';
import { applyRouteChanges } from './route-changes.ts';

const start: WorkerStart = workerData;
const logger = createLogger({ level: start.logLevel });
const log = new ProxyLog(logger, start.settings.accessLog ? new AccessLog() : null);
const plane = new DataPlane(start.settings, start.counters, log);

// A bug met on one connection must not take the others with it; that connection's deadline will end it.
process.on('uncaughtException', (error) => logger.error({ err: error.stack }, 'unexpected error in a worker'));

let table: RoutingTable = { routes: [] };
const sweeper = setInterval(() => plane.sweep(), SWEEP_MS);

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function listen(on: readonly ListenOn[]): Promise<void> {
  const ports: number[] = [];
  for (const address of on) {
    try {
      ports.push(await plane.listen(address.address, address.port, true, address.tls ?? null));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      tell({ type: 'listenFailed', on: address, code });
      return;
    }
  }
  tell({ type: 'listening', ports });
}

async function drain(timeoutMs: number): Promise<void> {
  const clean = await Promise.race([
    plane.drain().then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, timeoutMs, false)),
  ]);
  clearInterval(sweeper);
  plane.destroy();
  await log.flush();
  tell({ type: 'drained', clean });
}

async function receive(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'listen':
      return listen(message.on);
    case 'table':
      plane.applyEndpoints(message.changes);
      table = applyRouteChanges(table, message.routes);
      plane.applyTable(table, message.counters, message.generation);
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
      return drain(message.timeoutMs);
  }
}

parentPort?.on('message', (message: ToWorker) => void receive(message));
