import type { Test } from 'tap';
import { type Clock, DataPlane } from '../../src/proxy/data-plane.ts';
import type { ListenerTls } from '../../src/proxy/listener-tls.ts';
import { ProxyLog } from '../../src/proxy/proxy-log.ts';
import type { WorkerSettings } from '../../src/proxy/settings.ts';
import type { Endpoint, RoutingTable, UpstreamTls } from '../../src/routing/table.ts';
import type { AccessLog } from '../../src/telemetry/access-log.ts';
import { sum } from '../../src/telemetry/blocks.ts';
import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import {
  ATTEMPT_BASE,
  ATTEMPT_OUTCOMES,
  CONNECTIONS_OPEN,
  DURATION_SUM,
  EJECTION_BASE,
  EJECTION_REASONS,
  ENDPOINTS_EJECTED,
  FAILURE_BASE,
  FALLBACK_COUNT,
  FIRST_STATUS,
  IN_FLIGHT,
  LAST_STATUS,
  PENDING,
  REJECTION_BASE,
  REJECTION_REASONS,
  RETRY_BASE,
  RETRY_REASONS,
  RETRY_REFUSED_BASE,
  STATUS_BASE,
  TLS_HANDSHAKE_FAILURES,
  UPSTREAM_FAILURE_REASONS,
} from '../../src/telemetry/layout.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { turn } from './raw-peer.ts';
import { type StaticVersion, staticTable } from './static-table.ts';
import { type SettingsChange, testSettings } from './test-settings.ts';

export interface TestPlaneOptions extends SettingsChange {
  /** By name. The first one takes all weight unless weights are given. */
  readonly versions: Readonly<Record<string, StaticVersion>>;
  /** `x-to: <name>` leads to a version; the names listed here do so with `fallback: none`. */
  readonly noFallback?: readonly string[];
  readonly path?: string;
  readonly address?: string;
  readonly tls?: ListenerTls;
  /** To the versions. */
  readonly upstreamTls?: UpstreamTls;
}

/** Statuses, reasons or edges that were counted at least once. */
export type Counts = Record<string, number>;

/** A data plane in the test's own thread: real sockets, a clock that only the test moves, and its counters. */
export class TestPlane {
  readonly plane: DataPlane;
  readonly #registry: SeriesRegistry;
  #port = 0;
  #now = 1_000;

  /** @param clock instead of the one that only `pass` moves. */
  constructor(
    settings: WorkerSettings,
    clock: Clock = { now: () => this.#now },
    logger = createLogger({ level: 'silent' }),
    accessLog: AccessLog | null = null,
  ) {
    this.#registry = new SeriesRegistry({ workers: 1, now: () => this.#now });
    const [patch] = this.#registry.update({ routes: [] });
    if (patch === undefined) throw new Error('no patch');
    const log = new ProxyLog(logger, accessLog, () => clock.now());
    this.plane = new DataPlane(settings, patch, log, clock);
  }

  get port(): number {
    return this.#port;
  }

  async listen(address: string, tls: ListenerTls | null = null): Promise<void> {
    this.#port = await this.plane.listen(address, 0, false, tls);
  }

  apply(table: RoutingTable, endpoints: Readonly<Record<string, readonly Endpoint[]>>): void {
    const [patch] = this.#registry.update(table);
    if (patch === undefined) throw new Error('no patch');
    this.plane.applyEndpoints(endpoints);
    this.plane.applyTable(table, patch, 1);
  }

  /** Moves the clock on and lets timeouts act. */
  pass(ms: number): void {
    this.#now += ms;
    this.plane.sweep();
  }

  /** Requests by final status: of a version, or of none (`null`). */
  statuses(version: string | null): Counts {
    const { blocks } = version === null ? { blocks: this.#registry.workers() } : this.#series(version);
    const counts: Counts = {};
    for (let status = FIRST_STATUS; status <= LAST_STATUS; status += 1) {
      put(counts, String(status), sum({ blocks, labels: null }, STATUS_BASE + status - FIRST_STATUS));
    }
    return counts;
  }

  /** By outcome. */
  attempts(version: string): Counts {
    return this.#reasons(version, ATTEMPT_OUTCOMES, ATTEMPT_BASE);
  }

  failures(version: string): Counts {
    return this.#reasons(version, UPSTREAM_FAILURE_REASONS, FAILURE_BASE);
  }

  retries(version: string): Counts {
    return this.#reasons(version, RETRY_REASONS, RETRY_BASE);
  }

  retriesRefused(version: string): Counts {
    return this.#reasons(version, RETRY_REASONS, RETRY_REFUSED_BASE);
  }

  ejections(version: string): Counts {
    return this.#reasons(version, EJECTION_REASONS, EJECTION_BASE);
  }

  /** The gauge: endpoints left out at the last sweep. */
  ejected(version: string): number {
    return sum(this.#series(version), ENDPOINTS_EJECTED);
  }

  /** `from>to reason` by count. */
  fallbacks(): Counts {
    const counts: Counts = {};
    for (const counted of this.#registry.fallbacks()) {
      const { from, to, reason } = counted.labels;
      put(counts, `${from}>${to} ${reason}`, sum(counted, FALLBACK_COUNT));
    }
    return counts;
  }

  /** Requests that wait for an endpoint. */
  waiting(version: string): number {
    return sum(this.#series(version), PENDING);
  }

  rejections(version: string): Counts {
    return this.#reasons(version, REJECTION_REASONS, REJECTION_BASE);
  }

  /** What the requests of a version have taken together. */
  seconds(version: string): number {
    return sum(this.#series(version), DURATION_SUM);
  }

  /** What is counted of each version. */
  series(): ReturnType<SeriesRegistry['series']> {
    return this.#registry.series();
  }

  /** Over all versions. */
  inFlight(): number {
    return this.#registry.series().reduce((total, counted) => total + sum(counted, IN_FLIGHT), 0);
  }

  connections(): number {
    return this.#registry.workers()[0]?.[CONNECTIONS_OPEN] ?? Number.NaN;
  }

  handshakeFailures(): number {
    return this.#registry.workers()[0]?.[TLS_HANDSHAKE_FAILURES] ?? Number.NaN;
  }

  /** Resolves when it holds; rejects after a while. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await turn();
    }
  }

  #series(version: string): ReturnType<SeriesRegistry['series']>[number] {
    const found = this.#registry.series().find((counted) => counted.labels.version === version);
    if (found === undefined) throw new Error(`no version ${version}`);
    return found;
  }

  #reasons(version: string, reasons: readonly string[], base: number): Counts {
    const counted = this.#series(version);
    const counts: Counts = {};
    for (const [i, reason] of reasons.entries()) put(counts, reason, sum(counted, base + i));
    return counts;
  }
}

/** Starts one on a free port of 127.0.0.1 (or `address`); it ends with the test. */
export async function testPlane(t: Test, options: TestPlaneOptions): Promise<TestPlane> {
  const { versions, noFallback = [], path = '/', address = '127.0.0.1', tls = null, upstreamTls } = options;
  const under = new TestPlane(testSettings(options));
  const { table, endpoints } = staticTable(versions, path, noFallback);
  under.apply(upstreamTls === undefined ? table : withTls(table, upstreamTls), endpoints);
  t.teardown(() => under.plane.destroy());
  await under.listen(address, tls);
  return under;
}

/** The table with every endpoint under TLS. */
export function withTls(table: RoutingTable, tls: UpstreamTls): RoutingTable {
  return { routes: table.routes.map((route) => ({ ...route, tls })) };
}

/** A plane with one version, `only`, at these ports. */
export function planeTo(
  t: Test,
  ports: readonly number[],
  settings: Omit<TestPlaneOptions, 'versions'> = {},
): Promise<TestPlane> {
  return testPlane(t, { versions: { only: { ports } }, ...settings });
}

function put(counts: Counts, key: string, count: number): void {
  if (count !== 0) counts[key] = count;
}
