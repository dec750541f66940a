import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Worker } from 'node:worker_threads';
import type { EndpointMap, RoutingTable } from '../routing/table.ts';
import type { SeriesRegistry } from '../telemetry/counters.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ListenerTls } from './listener-tls.ts';
import type { FromWorker, ListenOn, ToWorker, WorkerStart } from './messages.ts';
import { routeChanges } from './route-changes.ts';
import type { WorkerSettings } from './settings.ts';
import { ToldEndpoints } from './told-endpoints.ts';
import { startThread } from './worker-thread.ts';

const RESTART_MS = 100;
/** How much longer than its drain's time a worker may take to cut what is left and to write its log. */
const HUNG_MS = 1_000;

export interface WorkerPoolOptions {
  readonly count: number;
  readonly settings: WorkerSettings;
  readonly registry: SeriesRegistry;
  readonly logger: Logger;
  readonly logLevel: WorkerStart['logLevel'];
  /** Of startThread, for the first workers: they have loaded what they need while the configuration was read. */
  readonly threads?: readonly Worker[] | undefined;
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: end the process that has it, or set another listen.port',
  EADDRNOTAVAIL: 'is not an address of this machine: set another listen.address',
  EACCES: 'is not allowed to this user: set a listen.port of 1024 or above',
};

/** A port that cannot be had. `code` is the system's, EADDRINUSE for example. */
export class ListenError extends Error {
  readonly code: string;
  readonly address: string;
  readonly port: number;

  constructor(on: ListenOn, code: string) {
    super(`listen: ${on.address}:${on.port} ${REMEDIES[code] ?? `cannot be listened on (${code})`}`);
    this.name = 'ListenError';
    this.code = code;
    this.address = on.address;
    this.port = on.port;
  }
}

/** A table as it was compiled. */
export interface Published {
  readonly table: RoutingTable;
  /** Of all versions; asked for only when needed. */
  readonly endpoints: () => EndpointMap;
  /** At least those that are others than in what was published before. */
  readonly changedEndpoints: EndpointMap;
}

/** The worker threads: keeps them alive and tells each what it needs to know. */
export class WorkerPool {
  /** Workers that died, those included that did so before they served. */
  restarted = 0;
  readonly #options: WorkerPoolOptions;
  readonly #workers: Worker[] = [];
  readonly #applied: number[] = [];
  readonly #listening: boolean[] = [];
  readonly #leftOut: Readonly<Record<string, readonly string[]>>[] = [];
  #on: readonly ListenOn[] = [];
  #table: RoutingTable = { routes: [] };
  readonly #told = new ToldEndpoints();
  /** By version key, for workers that come later. */
  readonly #unhealthy = new Map<string, readonly string[]>();
  /** Started, and not begun. */
  readonly #waiting: Worker[];
  #generation = 0;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#waiting = [...(options.threads ?? [])];
  }

  /** The generation of the table that each worker has; 0: none yet. */
  get generations(): readonly number[] {
    return this.#applied;
  }

  /** How many workers leave out each endpoint of a version, by `host:port`; only those that are left out. */
  leftOut(key: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const lists of this.#leftOut) for (const name of lists[key] ?? []) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }

  /** Every worker has a table and listens. */
  get ready(): boolean {
    return (
      this.#generation > 0 && this.#workers.every((_, slot) => (this.#applied[slot] ?? 0) > 0 && this.#listening[slot])
    );
  }

  /**
   * Starts the workers, which listen at once and answer 404 until the first table. Resolves with the ports, in order of `on`.
   * @throws {ListenError} when an address cannot be had.
   */
  async start(on: readonly ListenOn[]): Promise<readonly number[]> {
    // Workers share their port by SO_REUSEPORT, which would share it as gladly with another process of the same user.
    for (const address of on) if (address.port !== 0) await assertFree(address);
    this.#on = on;
    // They load side by side.
    while (this.#waiting.length < this.#options.count) this.#waiting.push(startThread());
    try {
      for (let slot = 0; slot < this.#options.count; slot += 1) {
        const ports = await this.#spawn(slot);
        // Port 0: the first worker has found one, and the others share it.
        this.#on = on.map((address, i) => ({ ...address, port: ports[i] ?? address.port }));
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    return this.#on.map((address) => address.port);
  }

  /** Gives every worker a new table with the endpoints of its versions. */
  publish({ table, endpoints, changedEndpoints }: Published, generation: number): void {
    // First, since it may fail for want of memory: then the workers and what is known of them are as before.
    const patches = this.#options.registry.update(table);
    const changes = this.#told.switch(table, changedEndpoints, endpoints);
    const routes = routeChanges(this.#table, table);
    this.#table = table;
    this.#generation = generation;
    this.#workers.forEach((worker, slot) => {
      const counters = patches[slot];
      if (counters !== undefined) send(worker, { type: 'table', routes, counters, generation, changes });
    });
  }

  /** Pods came or went, and the table is as before. @param changed at least the lists that are others */
  publishEndpoints(changed: EndpointMap): void {
    const changes = this.#told.change(changed);
    if (Object.keys(changes).length === 0) return;
    for (const worker of this.#workers) send(worker, { type: 'endpoints', changes });
  }

  /** Other certificates; null: the listener speaks no TLS. @param listeners in the order of `start` */
  renewCertificates(listeners: readonly (ListenerTls | null)[]): void {
    this.#on = this.#on.map((address, i) => ({ ...address, tls: listeners[i] ?? address.tls }));
    for (const worker of this.#workers) send(worker, { type: 'certificates', listeners });
  }

  /** What health checks have found: of these versions exactly these endpoints are unhealthy. */
  publishHealth(unhealthy: Readonly<Record<string, readonly string[]>>): void {
    for (const [key, names] of Object.entries(unhealthy)) {
      if (names.length === 0) this.#unhealthy.delete(key);
      else this.#unhealthy.set(key, names);
    }
    for (const worker of this.#workers) send(worker, { type: 'health', unhealthy });
  }

  /** Responses ask their clients to go elsewhere; everything else goes on. */
  closing(): void {
    this.#stopping = true;
    for (const worker of this.#workers) send(worker, { type: 'closing' });
  }

  /** Lets every exchange end, for `timeoutMs` at most, and ends the threads. False: some had to be cut. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.#stopping = true;
    // A worker that is dead has nothing left to drain.
    const drained = Promise.all(this.#workers.map((worker) => Promise.race([heard(worker, 'drained'), ended(worker)])));
    for (const worker of this.#workers) send(worker, { type: 'drain', timeoutMs });
    const hung = new Promise<null>((resolve) => setTimeout(resolve, timeoutMs + HUNG_MS, null).unref());
    const answers = await Promise.race([drained, hung]);
    await Promise.all([...this.#workers, ...this.#waiting].map((worker) => worker.terminate()));
    return answers?.every((answer) => answer === null || (answer.type === 'drained' && answer.clean)) ?? false;
  }

  async #spawn(slot: number): Promise<readonly number[]> {
    const { settings, registry, logLevel, logger } = this.#options;
    const counters = registry.blocksFor(slot);
    const worker = this.#waiting.shift() ?? startThread();
    send(worker, { type: 'begin', start: { settings, counters, logLevel, slot } });
    this.#workers[slot] = worker;
    this.#applied[slot] = 0;
    this.#listening[slot] = false;
    worker.on('error', (error: Error) => logger.error({ err: error.stack, worker: slot }, 'a worker failed'));
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'applied') this.#applied[slot] = message.generation;
      if (message.type === 'leftOut') this.#leftOut[slot] = message.endpoints;
    });
    if (this.#generation > 0) {
      const { routes } = this.#table;
      send(worker, { type: 'table', routes, counters, generation: this.#generation, changes: this.#told.all });
      send(worker, { type: 'health', unhealthy: Object.fromEntries(this.#unhealthy) });
    }
    send(worker, { type: 'listen', on: this.#on });
    const answer = await Promise.race([heard(worker, 'listening'), heard(worker, 'listenFailed'), ended(worker)]);
    if (answer?.type === 'listening') {
      this.#listening[slot] = true;
      worker.once('exit', () => this.#onEnd(slot));
      return answer.ports;
    }
    // Its counters must have no writer left when the next worker of this slot begins.
    await worker.terminate();
    if (answer?.type === 'listenFailed') throw new ListenError(answer.on, answer.code);
    throw new Error('a worker ended before it could listen');
  }

  /** @param failure why it could not begin; null: it had begun */
  #onEnd(slot: number, failure: Error | null = null): void {
    this.#options.registry.workerLost(slot);
    this.#leftOut[slot] = {};
    this.#applied[slot] = 0;
    this.#listening[slot] = false;
    if (this.#stopping) return;
    // Nothing is wrong with a worker whose port somebody else has taken meanwhile.
    if (!(failure instanceof ListenError)) this.restarted += 1;
    const what = failure === null ? 'a worker ended and is replaced' : 'a worker could not be replaced';
    this.#options.logger.error({ worker: slot, err: failure?.message }, what);
    setTimeout(() => {
      if (this.#stopping) return;
      this.#spawn(slot).catch((error: Error) => this.#onEnd(slot, error));
    }, RESTART_MS);
  }
}

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

function heard(worker: Worker, type: FromWorker['type']): Promise<FromWorker> {
  return new Promise((resolve) => {
    worker.on('message', function listener(message: FromWorker) {
      if (message.type !== type) return;
      worker.off('message', listener);
      resolve(message);
    });
  });
}

/** Resolves with null when the thread is no more. */
function ended(worker: Worker): Promise<null> {
  return new Promise((resolve) => {
    if (worker.threadId === -1) resolve(null);
    else worker.once('exit', () => resolve(null));
  });
}

async function assertFree(on: ListenOn): Promise<void> {
  const probe = createServer();
  try {
    probe.listen({ host: on.address, port: on.port, exclusive: true });
    await once(probe, 'listening');
  } catch (error) {
    throw new ListenError(on, error instanceof Error && 'code' in error ? String(error.code) : String(error));
  } finally {
    probe.close();
  }
}
