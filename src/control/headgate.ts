import type { Worker } from 'node:worker_threads';
import { startAdmin } from '../admin/server.ts';
import type { AdminState } from '../admin/state.ts';
import type { Config } from '../config/config.ts';
import type { ConfigError } from '../config/config-error.ts';
import { affordableConnections } from '../config/connection-limit.ts';
import { HealthChecker } from '../health/health-checker.ts';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import { WorkerPool } from '../proxy/worker-pool.ts';
import { type Compiled, compile } from '../routing/compile.ts';
import { explain } from '../routing/explain.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { Source } from '../sources/source.ts';
import { SeriesRegistry } from '../telemetry/counters.ts';
import { Exposition } from '../telemetry/exposition.ts';
import type { Logger } from '../telemetry/logger.ts';
import { ProblemLog } from '../telemetry/problems.ts';
import { RecentTraffic, STEP_MS } from '../telemetry/recent-traffic.ts';
import { Analyst, type Surroundings } from './analyst.ts';
import { changedKeys } from './changed-keys.ts';
import { DescriptorWatch } from './descriptor-watch.ts';
import { mistakeProblem } from './mistake-problem.ts';
import { TlsListeners } from './tls-listeners.ts';
import { workerSettings } from './worker-settings.ts';

export interface HeadgateOptions {
  readonly config: Config;
  /** Null: static versions only. */
  readonly source: Source | null;
  readonly logger: Logger;
  /** Headgate's own version, for `build_info`. */
  readonly version: string;
  /** What the verdict's clock and names are in a test. */
  readonly surroundings?: Surroundings | undefined;
  /** Of startThread, for the first workers. */
  readonly threads?: readonly Worker[] | undefined;
}

const CERTIFICATES_MS = 3_600_000;
const NO_ROUTES: RoutingTable = { routes: [] };

/** The running product: a source and a configuration in, tables out to the workers, and the admin server beside them. */
export class Headgate {
  /** In the order of `config.listen`. */
  ports: readonly number[] = [];
  adminPort: number | null = null;
  #config: Config;
  #snapshot: Snapshot | null = null;
  #compiled: Compiled | null = null;
  #problems: readonly Problem[] = [];
  #generation = 0;
  #reloadSuccessful = true;
  /** What is wrong with a changed configuration that was not applied. */
  #refused: readonly Problem[] = [];
  #draining = false;
  #closeAdmin: () => Promise<void> = () => Promise.resolve();
  readonly #source: Source | null;
  readonly #logger: Logger;
  readonly #problemLog: ProblemLog;
  readonly #workers: WorkerPool;
  readonly #listeners: TlsListeners;
  #certificateTimer: NodeJS.Timeout | undefined;
  readonly #exposition: Exposition;
  readonly #health: HealthChecker;
  readonly #analyst: Analyst;
  #descriptors: DescriptorWatch | null = null;
  readonly #recent: RecentTraffic;
  #recentTimer: NodeJS.Timeout | undefined;
  readonly #startedAt = Date.now();
  readonly #version: string;

  constructor({ config, source, logger, version, surroundings, threads }: HeadgateOptions) {
    const registry = new SeriesRegistry({ workers: config.workers, now: () => performance.now() });
    const settings = workerSettings(config);
    this.#config = config;
    this.#version = version;
    this.#recent = new RecentTraffic(registry);
    this.#listeners = new TlsListeners(config.listen);
    this.#source = source;
    this.#logger = logger;
    this.#problemLog = new ProblemLog(logger);
    const { workers: count, log } = config;
    this.#workers = new WorkerPool({ count, settings, registry, logger, logLevel: log.level, threads });
    this.#health = new HealthChecker({ onChange: (changes) => this.#workers.publishHealth(changes), logger });
    this.#analyst = new Analyst({ config: config.analysis, registry, logger, version, surroundings });
    this.#exposition = new Exposition({ registry, state: () => this.#processState(), ...config.metrics, version });
  }

  /**
   * Reads the source, then listens: nobody is told 404 for want of a table. Resolves when it serves. The admin server is
   * there from the first moment.
   * @throws ListenError naming the address that cannot be had, or what the source throws; nothing is left running.
   */
  async start(): Promise<void> {
    const { admin } = this.#config;
    try {
      if (admin !== null) await this.#startAdmin(admin);
      if (this.#source === null) this.#rebuild(new SnapshotStore().snapshot());
      else await this.#source.start((snapshot) => this.#rebuild(snapshot));
      this.ports = await this.#workers.start(this.#listeners.listenOn);
      this.#tendCertificates();
      this.#watchDescriptors();
    } catch (error) {
      await this.#health.stop();
      await this.#analyst.stop();
      await this.#workers.stop(0);
      await this.#source?.stop();
      await this.#closeAdmin();
      throw error;
    }
  }

  /** A configuration that was found right. Routes and certificates change at once; the rest needs a new start, and the log says so. */
  reload(config: Config): void {
    const waiting = changedKeys(this.#config, config);
    if (waiting.length > 0) {
      this.#logger.warn({ keys: waiting }, `these keys have changed and need a restart: ${waiting.join(', ')}`);
    }
    this.#config = { ...this.#config, routes: config.routes };
    this.#reloadSuccessful = true;
    this.#refused = [];
    if (this.#listeners.renew(config.listen)) {
      this.#workers.renewCertificates(this.#listeners.tls);
      this.#logger.info('certificates renewed');
    }
    this.#logger.info('configuration reloaded');
    if (this.#snapshot !== null) this.#rebuild(this.#snapshot);
  }

  /** A configuration that was not: what is in force stays so. */
  reloadFailed({ message: reason, mistakes }: Pick<ConfigError, 'message' | 'mistakes'>): void {
    this.#reloadSuccessful = false;
    this.#refused = mistakes.map(mistakeProblem);
    this.#logger.error({ reason }, 'the changed configuration is not applied');
  }

  /**
   * Not ready from now on; after `drain.delay` nothing new is accepted; after `drain.timeout` what is left is cut.
   * Resolves with false when something had to be cut.
   * @param skipDelay nobody has to hear of it first
   */
  async shutdown({ skipDelay = false } = {}): Promise<boolean> {
    const { delay, timeout } = this.#config.drain;
    this.#draining = true;
    this.#workers.closing();
    await new Promise((resolve) => setTimeout(resolve, skipDelay ? 0 : delay));
    clearInterval(this.#certificateTimer);
    await this.#health.stop();
    const clean = await this.#workers.stop(timeout);
    this.#descriptors?.stop();
    await this.#source?.stop();
    await this.#closeAdmin();
    await this.#analyst.stop();
    return clean;
  }

  /** Once an hour: other keys for session tickets, and a look at what has expired. */
  #tendCertificates(): void {
    if (!this.#listeners.any) return;
    this.#certificateTimer = setInterval(() => {
      this.#listeners.changeTicketKeys();
      this.#workers.renewCertificates(this.#listeners.tls);
      if (this.#snapshot !== null) this.#rebuild(this.#snapshot);
    }, CERTIFICATES_MS).unref();
  }

  #watchDescriptors(): void {
    const { connections } = this.#config.limits;
    const affordable = affordableConnections();
    if (connections > affordable) {
      this.#logger.warn(
        { connections, affordable, remedy: 'raise the limit of open files, or lower limits.connections' },
        'limits.connections is more than the open files that the system allows suffice for, two for each',
      );
    }
    this.#descriptors = new DescriptorWatch(this.#logger);
  }

  /** Never throws: a source or a reload that meets a bug of ours must not end the process, which serves well as it is. */
  #rebuild(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    const built = this.#guarded('a table could not be built; the one before stays in force', () =>
      this.#apply(snapshot),
    );
    if (built) this.#guarded('health checks or the verdict do not follow the new table', () => this.#follow(snapshot));
  }

  /** @returns whether it did not fail; why it did is logged */
  #guarded(failure: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#logger.error({ err: error instanceof Error ? error.stack : String(error) }, failure);
      return false;
    }
  }

  #apply(snapshot: Snapshot): void {
    const before = this.#compiled;
    const compiled = compile(snapshot, this.#config, before?.memory ?? {}, before?.cache ?? null);
    this.#problems = [...(this.#source?.problems ?? []), ...this.#listeners.problems(Date.now()), ...compiled.problems];
    this.#problemLog.update(this.#problems);
    if (before?.table === compiled.table) {
      this.#workers.publishEndpoints(compiled.changedEndpoints);
    } else {
      this.#generation += 1;
      const { table, changedEndpoints } = compiled;
      this.#workers.publish({ table, changedEndpoints, endpoints: () => compiled.endpoints }, this.#generation);
    }
    // What changes from now on is told by comparing with what the workers have been told.
    this.#compiled = compiled;
  }

  /** What follows the table. */
  #follow(snapshot: Snapshot): void {
    const compiled = this.#compiled;
    if (compiled === null) return;
    this.#health.update(compiled.table, () => compiled.endpoints);
    this.#analyst.update(compiled.table, snapshot);
  }

  async #startAdmin(listen: NonNullable<Config['admin']>): Promise<void> {
    const server = await startAdmin({
      listen,
      state: this.#adminState(),
      onError: (error, path) => this.#logger.error({ path, err: String(error) }, 'an admin request failed'),
    });
    this.#recentTimer = setInterval(() => this.#sample(), STEP_MS).unref();
    this.adminPort = server.port;
    this.#closeAdmin = () => {
      clearInterval(this.#recentTimer);
      return server.close();
    };
  }

  /** Never throws: what people look at must not end what serves them. */
  #sample(): void {
    const failure = 'the page shows nothing new from now on: what was counted could not be read';
    const sampled = this.#guarded(failure, () => this.#recent.sample(this.#compiled?.table ?? null));
    if (!sampled) clearInterval(this.#recentTimer);
  }

  #adminState(): AdminState {
    return {
      unready: () => this.#unready(),
      metrics: (format) => this.#exposition.scrape(format),
      table: () => ({
        generation: this.#generation,
        workers: this.#workers.generations,
        ...this.#inForce(),
        healthOf: (key) => this.#health.healthOf(key),
        leftOut: (key) => this.#workers.leftOut(key),
        problems: [...this.#refused, ...this.#problems],
      }),
      live: () => ({
        recent: this.#recent,
        version: this.#version,
        startedAt: this.#startedAt,
        now: Date.now(),
      }),
      explain: ({ host, path, headers }) => {
        const { table, endpoints, reasons } = this.#inForce();
        return explain(table, endpoints, reasons, { host, path, headers, method: 'GET' });
      },
      analysis: (query) => this.#analyst.answer(query),
      analysisBlocks: (query) => this.#analyst.blocks(query),
    };
  }

  #inForce(): Pick<Compiled, 'table' | 'endpoints' | 'reasons'> {
    const { table, endpoints, reasons } = this.#compiled ?? { table: NO_ROUTES, endpoints: {}, reasons: {} };
    return { table, endpoints, reasons };
  }

  #unready(): string | null {
    if (this.#draining) return 'draining';
    if (this.#source !== null && !this.#source.synced) {
      const [problem] = this.#source.problems;
      return `the source has not been read yet${problem === undefined ? '' : `: ${problem.message}`}`;
    }
    if (this.ports.length === 0) return 'not listening yet';
    return this.#workers.ready ? null : 'not every worker has a routing table yet';
  }

  #processState(): ReturnType<ConstructorParameters<typeof Exposition>[0]['state']> {
    const lastEventAt = this.#source?.lastEventAt ?? null;
    return {
      table: this.#compiled?.table ?? null,
      sourceSynced: this.#source?.synced ?? true,
      sourceLastEventSeconds: lastEventAt === null ? 0 : lastEventAt / 1000,
      sourceKind: this.#source?.kind ?? 'none',
      configReloadSuccessful: this.#reloadSuccessful,
      workersRestarted: this.#workers.restarted,
      health: this.#health.samples(this.#inForce().table),
      problems: this.#refused.length + this.#problems.length,
      certificates: this.#listeners.expiries(),
    };
  }
}
