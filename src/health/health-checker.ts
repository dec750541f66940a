import { isDeepStrictEqual } from 'node:util';
import { hostPort } from '../common/host-port.ts';
import { isOwnFault } from '../common/own-fault.ts';
import type { Endpoint, EndpointMap, HealthCheck, Role, Route, RoutingTable, UpstreamTls } from '../routing/table.ts';
import { seriesLabels } from '../telemetry/keys.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { HealthSample } from '../telemetry/scrape.ts';
import { HealthState } from './health-state.ts';

/** Checks under way at the same time: a burst of new Pods must not take the descriptors of requests. */
const MOST_AT_ONCE = 64;
/** A new endpoint is checked within this time: its interval may be long. */
const FIRST_MS = 1_000;
/** Of the interval, to either side: endpoints that came together do not stay together. */
const JITTER = 0.1;

/** Names of unhealthy endpoints by version key. */
export type Unhealthy = Readonly<Record<string, readonly string[]>>;

export interface HealthCheckerOptions {
  /** Told of the versions whose unhealthy endpoints have changed, with all of those. */
  readonly onChange: (changes: Unhealthy) => void;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** Checks under way at the same time; 64 unless a test says otherwise. */
  readonly mostAtOnce?: number;
  /** What a check is made with; a test may say otherwise. */
  readonly load?: () => Promise<Checks>;
}

type Checks = Pick<typeof import('./http-check.ts'), 'httpCheck'>;

/** How a version is checked. */
interface How {
  readonly check: HealthCheck;
  readonly tls: UpstreamTls | null;
}

/** What a version is called in the log. */
interface Place {
  readonly route: string;
  readonly version: string;
  readonly role: Role;
}

interface Target {
  readonly key: string;
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly state: HealthState;
  how: How;
  /** Of the next check; undefined: it is under way, or waits for its turn. */
  timer: NodeJS.Timeout | undefined;
  gone: boolean;
}

/** The endpoints of one version that are checked, and how often that went well. */
interface CheckedVersion {
  readonly targets: Map<string, Target>;
  success: number;
  failure: number;
  told: readonly string[];
  /** What its targets were made of. */
  endpoints: readonly Endpoint[];
  how: How | null;
  place: Place | null;
}

/** Asks the endpoints of routes with a health check how they are: one for the process, whatever the number of workers. */
export class HealthChecker {
  #table: RoutingTable | null = null;
  /** Of the table. */
  #checks: ReturnType<typeof checksOf> = new Map();
  readonly #versions = new Map<string, CheckedVersion>();
  readonly #waiting: Target[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #options: HealthCheckerOptions;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
  }

  /**
   * Another table, or other endpoints.
   * @param endpoints of all versions; asked for only when there is something to check
   */
  update(table: RoutingTable, endpoints: () => EndpointMap): void {
    // Pods come and go while the last requests are served; what was found before stays.
    if (this.#stop.signal.aborted) return;
    if (table !== this.#table) this.#checks = checksOf(table);
    this.#table = table;
    const wanted = this.#checks;
    const changes: Record<string, readonly string[]> = {};
    for (const [key, { how, place }] of wanted) {
      const list = endpoints()[key] ?? NONE;
      this.#follow(key, how, list, changes).place = place;
    }
    for (const [key, version] of this.#versions) {
      if (wanted.has(key)) continue;
      for (const target of version.targets.values()) this.#drop(target, version);
      this.#tell(key, version, changes);
      this.#versions.delete(key);
    }
    if (Object.keys(changes).length > 0) this.#options.onChange(changes);
  }

  /** Resolves when no check is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const version of this.#versions.values()) {
      for (const target of version.targets.values()) this.#drop(target, version);
    }
    this.#waiting.length = 0;
    await Promise.all(this.#underWay);
  }

  /** What is known of the endpoints of a version, by `host:port`; null: they are not checked. */
  healthOf(key: string): Readonly<Record<string, 'healthy' | 'unhealthy' | 'unchecked'>> | null {
    const version = this.#versions.get(key);
    if (version === undefined) return null;
    const entries = [...version.targets].map(([name, { state }]) => [name, wordFor(state)] as const);
    return Object.fromEntries(entries);
  }

  /** For the exposition: each version of each route that has a health check. */
  samples(table: RoutingTable): HealthSample[] {
    return table.routes.filter(hasCheck).flatMap((route) =>
      route.versions.map((version) => {
        const { success = 0, failure = 0, told = [] } = this.#versions.get(version.key) ?? {};
        return { labels: seriesLabels(route, version), success, failure, unhealthy: told.length };
      }),
    );
  }

  #follow(
    key: string,
    how: How,
    endpoints: readonly Endpoint[],
    changes: Record<string, readonly string[]>,
  ): CheckedVersion {
    const version = this.#versions.get(key) ?? newVersion();
    this.#versions.set(key, version);
    const same = isDeepStrictEqual(version.how, how);
    if (same && version.endpoints === endpoints) return version;
    version.endpoints = endpoints;
    version.how = how;
    const names = new Set<string>();
    for (const endpoint of endpoints) {
      const name = hostPort(endpoint.host, endpoint.port);
      names.add(name);
      const known = version.targets.get(name);
      if (known !== undefined) {
        known.how = how;
        // The next one may be an hour away.
        if (!same && known.timer !== undefined) this.#checkSoon(known);
        continue;
      }
      const target = { key, name, endpoint, how, state: new HealthState(), timer: undefined, gone: false };
      version.targets.set(name, target);
      this.#checkSoon(target);
    }
    for (const target of version.targets.values()) if (!names.has(target.name)) this.#drop(target, version);
    this.#tell(key, version, changes);
    return version;
  }

  #drop(target: Target, version: CheckedVersion): void {
    target.gone = true;
    clearTimeout(target.timer);
    version.targets.delete(target.name);
  }

  #tell(key: string, version: CheckedVersion, changes: Record<string, readonly string[]>): void {
    const unhealthy = [...version.targets.values()].filter(({ state }) => !state.healthy).map(({ name }) => name);
    if (isDeepStrictEqual(unhealthy, version.told)) return;
    version.told = unhealthy;
    changes[key] = unhealthy;
  }

  #checkSoon(target: Target): void {
    this.#schedule(target, Math.random() * Math.min(FIRST_MS, target.how.check.interval));
  }

  #schedule(target: Target, ms: number): void {
    clearTimeout(target.timer);
    target.timer = setTimeout(() => this.#begin(target), ms).unref();
  }

  #begin(target: Target): void {
    target.timer = undefined;
    if (this.#underWay.size >= (this.#options.mostAtOnce ?? MOST_AT_ONCE)) {
      this.#waiting.push(target);
      return;
    }
    const run = this.#run(target).finally(() => {
      this.#underWay.delete(run);
      let next = this.#waiting.shift();
      while (next?.gone) next = this.#waiting.shift();
      if (next !== undefined) this.#begin(next);
    });
    this.#underWay.add(run);
  }

  async #run(target: Target): Promise<void> {
    const checks = await loaded(this.#options.load ?? loadChecks);
    const { check, tls } = target.how;
    const failure = (await checks?.httpCheck(target.endpoint, check, tls, this.#stop.signal)) ?? null;
    const version = this.#versions.get(target.key);
    if (target.gone || version === undefined) return;
    if (checks !== null && (failure === null || !isOwnFault(failure))) this.#note(target, version, failure);
    this.#schedule(target, target.how.check.interval * (1 - JITTER + 2 * JITTER * Math.random()));
  }

  #note(target: Target, version: CheckedVersion, failure: string | null): void {
    if (failure === null) version.success += 1;
    else version.failure += 1;
    if (target.state.note(failure === null, target.how.check)) this.#changed(target, version, failure);
  }

  #changed({ key, name }: Target, version: CheckedVersion, failure: string | null): void {
    const { logger, onChange } = this.#options;
    const where = { upstream: name, ...version.place };
    if (failure === null) logger.info(where, 'an endpoint is healthy again');
    else logger.warn({ reason: failure, ...where }, 'an endpoint is unhealthy');
    const changes: Record<string, readonly string[]> = {};
    this.#tell(key, version, changes);
    onChange(changes);
  }
}

/** Not before something is checked: undici costs 11 MB. */
function loadChecks(): Promise<Checks> {
  return import('./http-check.ts');
}

/** Null: its files could not be read, most likely for want of a descriptor. That says nothing of the endpoint, and the next check tries again. */
async function loaded(load: () => Promise<Checks>): Promise<Checks | null> {
  try {
    return await load();
  } catch {
    return null;
  }
}

const NONE: readonly Endpoint[] = [];

function newVersion(): CheckedVersion {
  return { targets: new Map(), success: 0, failure: 0, told: [], endpoints: NONE, how: null, place: null };
}

function wordFor({ healthy, checked }: HealthState): 'healthy' | 'unhealthy' | 'unchecked' {
  if (!checked) return 'unchecked';
  return healthy ? 'healthy' : 'unhealthy';
}

function hasCheck(route: Route): boolean {
  return route.healthCheck !== undefined;
}

/** By version key. Of several routes to one version the first says how it is checked. */
function checksOf(table: RoutingTable): ReadonlyMap<string, { how: How; place: Place }> {
  const checks = new Map<string, { how: How; place: Place }>();
  for (const { name: route, healthCheck: check, tls = null, versions } of table.routes) {
    if (check === undefined) continue;
    for (const { key, name: version, role } of versions) {
      if (!checks.has(key)) checks.set(key, { how: { check, tls }, place: { route, version, role } });
    }
  }
  return checks;
}
