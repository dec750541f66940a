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
const logger = createLogger({ level: start.logLevel, worker: start.slot });
const log = new ProxyLog(logger, start.settings.accessLog ? new AccessLog() : null);
const plane = new DataPlane(start.settings, start.counters, log);

// A bug met on one connection must not take the others with it; that connection's deadline will end it.
process.on('uncaughtException', (error) => logger.error({ err: error.stack }, 'unexpected error in a worker'));

let table: RoutingTable = { routes: [] };
const sweeper = setInterval(() => {
  if (plane.sweep()) tell({ type: 'leftOut', endpoints: plane.upstreams.leftOut() });
}, SWEEP_MS);

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function listen(on: readonly ListenOn[]): Promise<void> {
  // All at once: certificates that are renewed meanwhile must find every listener.
  const begun = on.map(async ({ address, port, tls }) => plane.listen(address, port, true, tls ?? null));
  const results = await Promise.allSettled(begun);
  const ports: number[] = [];
  for (const [i, result] of results.entries()) {
    const address = on[i];
    if (result.status === 'fulfilled') ports.push(result.value);
    else if (address !== undefined) return tell({ type: 'listenFailed', on: address, code: codeOf(result.reason) });
  }
  tell({ type: 'listening', ports });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
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
