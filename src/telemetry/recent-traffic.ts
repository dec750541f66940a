import type { Route, RoutingTable } from '../routing/table.ts';
import { type Counted, sum, sumRange } from './blocks.ts';
import type { SeriesRegistry } from './counters.ts';
import type { FallbackLabels, SeriesLabels } from './keys.ts';
import { FALLBACK_COUNT, IN_FLIGHT, PENDING, STATUS_BASE, STATUS_COUNT } from './layout.ts';
import { RecentVersion, STEPS, WINDOW_STEPS } from './recent-version.ts';
import { type VersionId, versionKey } from './version-id.ts';

/** From one look at the counters to the next. */
export const STEP_MS = 2_000;
/**
 * With more busy versions than that, durations are read only of routes that somebody looks at: the histograms of 2,000 versions and
 * four workers are 90 MB to go through.
 */
const ALWAYS_READ = 64;

/** A version's figures over the window. */
export interface VersionFigures {
  /** Requests that it answered, a second. */
  readonly requestsPerSecond: number;
  readonly attempts: number;
  /** Attempts that failed, whoever answered in the end. */
  readonly failures: number;
  readonly requests: number;
  readonly inFlight: number;
  readonly pending: number;
}

/** One number a step; NaN where there is none. */
export interface VersionHistory {
  readonly requestsPerSecond: readonly number[];
  readonly failureRate: readonly number[];
  readonly p50: readonly number[];
  readonly p95: readonly number[];
  readonly p99: readonly number[];
}

export interface FallbackFigures {
  readonly labels: FallbackLabels;
  readonly perSecond: number;
  /** In the steps that are remembered. */
  readonly recent: number;
  /** As long as it is counted. */
  readonly total: number;
}

/** Process-wide figures over the window. */
export interface Totals {
  readonly requestsPerSecond: number;
  readonly attempts: number;
  readonly failures: number;
  /** Requests a second that reached no version: no route, or refused by Headgate itself. */
  readonly unroutedPerSecond: number;
}

interface Edge {
  readonly counted: Counted<FallbackLabels>;
  seen: number;
  ring: Float32Array | null;
}

/** Since which step a route has been split as it is. */
interface SplitSince {
  route: Route;
  split: string;
  step: number;
}

/**
 * The last five minutes, in steps of two seconds, for people who look at them. Somebody calls `sample` every STEP_MS. A
 * version is what it is through every change of its role: a canary that is promoted takes its history along.
 */
export class RecentTraffic {
  readonly #registry: SeriesRegistry;
  readonly #now: () => number;
  /** By `versionKey`. */
  readonly #versions = new Map<string, RecentVersion>();
  readonly #byRoute = new Map<string, RecentVersion[]>();
  #edges = new Map<Counted<FallbackLabels>, Edge>();
  readonly #edgesByRoute = new Map<string, Edge[]>();
  readonly #splits = new Map<string, SplitSince>();
  /** By route, the step in which it was last looked at. */
  readonly #looks = new Map<string, number>();
  /** When each step ended, in milliseconds since 1970; a ring of STEPS + 1, for a step lasts from the one before. */
  readonly #ends = new Float64Array(STEPS + 1);
  readonly #unrouted = new Float32Array(STEPS);
  #unroutedSeen = 0;
  #revision = -1;
  #table: RoutingTable | null = null;
  /** The newest complete step; 0 is the moment of the start. */
  #step = 0;

  /** @param now milliseconds since 1970 */
  constructor(registry: SeriesRegistry, now: () => number = Date.now) {
    this.#registry = registry;
    this.#now = now;
    this.#ends[0] = now();
  }

  /** Ends a step. `table`: in force now. */
  sample(table: RoutingTable | null): void {
    this.#step += 1;
    const step = this.#step;
    this.#ends[step % this.#ends.length] = this.#now();
    if (this.#registry.revision !== this.#revision) this.#index();
    const busy = [...this.#versions.values()].filter((version) => version.sample(step));
    for (const version of busy) {
      if (busy.length <= ALWAYS_READ || this.#isLookedAt(version.labels.route)) version.sampleBins(step);
      else version.skipBins();
    }
    for (const edge of this.#edges.values()) sampleEdge(edge, step);
    const unrouted = sumRange({ labels: null, blocks: this.#registry.workers() }, STATUS_BASE, STATUS_COUNT);
    this.#unrouted[step % STEPS] = unrouted - this.#unroutedSeen;
    this.#unroutedSeen = unrouted;
    if (table !== null && table !== this.#table) this.#noteSplits(table);
  }

  /** Seconds that the figures cover; 0 before the first step. */
  get windowSeconds(): number {
    return this.#seconds(this.#windowStart());
  }

  /** When each remembered step ended, in milliseconds since 1970, oldest first. */
  times(): number[] {
    const times: number[] = [];
    for (let step = this.#oldest(); step <= this.#step; step++) times.push(this.#endOf(step));
    return times;
  }

  /** Every version with a series for this route, also those that have left the table within 15 minutes. */
  versionsOf(route: string): readonly SeriesLabels[] {
    return (this.#byRoute.get(route) ?? []).filter(({ idle }) => !idle).map(({ labels }) => labels);
  }

  /** Somebody looks at this route: its durations are read from now on, for five minutes. */
  look(route: string): void {
    this.#looks.set(route, this.#step);
  }

  figures(of: VersionId): VersionFigures {
    const version = this.#find(of);
    const first = this.#windowStart();
    const seconds = this.#seconds(first);
    const total = (ring: 'requests' | 'attempts' | 'failures') => version?.total(ring, first, this.#step) ?? 0;
    const gauge = (slot: number) => (version?.counted ?? []).reduce((all, counted) => all + sum(counted, slot), 0);
    const requests = total('requests');
    return {
      requestsPerSecond: seconds > 0 ? requests / seconds : 0,
      requests,
      attempts: total('attempts'),
      failures: total('failures'),
      inFlight: gauge(IN_FLIGHT),
      pending: gauge(PENDING),
    };
  }

  /** Seconds: p50, p95, p99 over the window; NaN without data, also where durations have not been read. */
  quantiles(of: VersionId): readonly number[] {
    return this.#find(of)?.quantiles() ?? [Number.NaN, Number.NaN, Number.NaN];
  }

  history(of: VersionId): VersionHistory {
    const version = this.#find(of);
    const [first, last] = [this.#oldest(), this.#step];
    const attempts = version?.series('attempts', first, last) ?? [];
    const failures = version?.series('failures', first, last) ?? [];
    const quantile = (index: number) => version?.quantileSeries(index, first, last) ?? [];
    return {
      requestsPerSecond: (version?.series('requests', first, last) ?? []).map((count, i) => {
        const seconds = (this.#endOf(first + i) - this.#endOf(first + i - 1)) / 1000;
        return seconds > 0 ? count / seconds : 0;
      }),
      failureRate: failures.map((failed, i) => failed / (attempts[i] ?? 0)),
      p50: quantile(0),
      p95: quantile(1),
      p99: quantile(2),
    };
  }

  /**
   * How many requests the version answered in the window, but not before the weights of its route were last changed: an
   * observed share is compared with the weight that was wanted at the time.
   */
  requestsSinceSplit(of: VersionId): number {
    const first = Math.max(this.#windowStart(), this.#splitSince(of.route));
    return this.#find(of)?.total('requests', first, this.#step) ?? 0;
  }

  /** Seconds since the route's weights were last changed, as far as they are counted in `requestsSinceSplit`. */
  secondsSinceSplit(route: string): number {
    return this.#seconds(Math.max(this.#windowStart(), this.#splitSince(route)));
  }

  /** Those that have ever been taken, in a fixed order. */
  fallbacks(route: string): FallbackFigures[] {
    const first = this.#windowStart();
    const seconds = this.#seconds(first);
    return (this.#edgesByRoute.get(route) ?? []).flatMap(({ counted, seen, ring }) => {
      if (seen === 0) return [];
      const recent = sumRing(ring, this.#oldest(), this.#step);
      const perSecond = seconds > 0 ? sumRing(ring, first, this.#step) / seconds : 0;
      return [{ labels: counted.labels, perSecond, recent, total: seen }];
    });
  }

  totals(): Totals {
    const first = this.#windowStart();
    const seconds = this.#seconds(first);
    let [requests, attempts, failures] = [0, 0, 0];
    for (const version of this.#versions.values()) {
      if (version.idle) continue;
      requests += version.total('requests', first, this.#step);
      attempts += version.total('attempts', first, this.#step);
      failures += version.total('failures', first, this.#step);
    }
    const unrouted = sumRing(this.#unrouted, first, this.#step);
    const rate = (count: number) => (seconds > 0 ? count / seconds : 0);
    return { requestsPerSecond: rate(requests), attempts, failures, unroutedPerSecond: rate(unrouted) };
  }

  #index(): void {
    this.#revision = this.#registry.revision;
    const series = Map.groupBy(this.#registry.series(), ({ labels }) => versionKey(labels));
    for (const key of this.#versions.keys()) if (!series.has(key)) this.#versions.delete(key);
    for (const [key, counted] of series) {
      const [one] = counted;
      if (one === undefined) continue;
      const version = this.#versions.get(key) ?? new RecentVersion(one.labels);
      this.#versions.set(key, version);
      version.setSources(counted);
    }
    replaceGroups(this.#byRoute, this.#versions.values(), ({ labels }) => labels.route);
    const edges = new Map<Counted<FallbackLabels>, Edge>();
    for (const counted of this.#registry.fallbacks()) {
      edges.set(counted, this.#edges.get(counted) ?? { counted, seen: 0, ring: null });
    }
    this.#edges = edges;
    replaceGroups(this.#edgesByRoute, edges.values(), ({ counted }) => counted.labels.route);
    // Reading the registry makes it forget what has expired.
    this.#revision = this.#registry.revision;
  }

  #find(version: VersionId): RecentVersion | undefined {
    return this.#versions.get(versionKey(version));
  }

  #isLookedAt(route: string): boolean {
    const step = this.#looks.get(route);
    if (step === undefined) return false;
    if (this.#step - step <= STEPS) return true;
    this.#looks.delete(route);
    return false;
  }

  #noteSplits(table: RoutingTable): void {
    this.#table = table;
    const names = new Set<string>();
    for (const route of table.routes) {
      names.add(route.name);
      const known = this.#splits.get(route.name);
      if (known?.route === route) continue;
      const split = JSON.stringify(route.split.map(({ version, weight }) => [route.versions[version]?.key, weight]));
      // The change came within this step, so the next is the first that is whole.
      if (known === undefined || known.split !== split) {
        this.#splits.set(route.name, { route, split, step: known === undefined ? this.#step : this.#step + 1 });
      } else known.route = route;
    }
    for (const name of this.#splits.keys()) if (!names.has(name)) this.#splits.delete(name);
  }

  #splitSince(route: string): number {
    return this.#splits.get(route)?.step ?? 0;
  }

  /** The first step of the window. */
  #windowStart(): number {
    return Math.max(this.#step - WINDOW_STEPS + 1, 1);
  }

  #oldest(): number {
    return Math.max(this.#step - STEPS + 1, 1);
  }

  /** From the beginning of the step `first` to the end of the newest. */
  #seconds(first: number): number {
    return first > this.#step ? 0 : (this.#endOf(this.#step) - this.#endOf(first - 1)) / 1000;
  }

  #endOf(step: number): number {
    return this.#ends[step % this.#ends.length] ?? 0;
  }
}

function replaceGroups<T>(groups: Map<string, T[]>, items: Iterable<T>, keyOf: (item: T) => string): void {
  groups.clear();
  for (const [key, members] of Map.groupBy(items, keyOf)) groups.set(key, members);
}

function sampleEdge(edge: Edge, step: number): void {
  const count = sum(edge.counted, FALLBACK_COUNT);
  if (count !== edge.seen) edge.ring ??= new Float32Array(STEPS);
  if (edge.ring !== null) edge.ring[step % STEPS] = count - edge.seen;
  edge.seen = count;
}

function sumRing(ring: Float32Array | null, first: number, last: number): number {
  let total = 0;
  for (let step = first; step <= last; step++) total += ring?.[step % STEPS] ?? 0;
  return total;
}
