import { difference } from '../common/difference.ts';
import type { Role, RoutingTable } from '../routing/table.ts';
import type { Counted } from '../telemetry/blocks.ts';
import type { SeriesLabels } from '../telemetry/keys.ts';
import { countAttempts, type Reading, readCounts } from '../telemetry/reading.ts';
import type { VersionId } from '../telemetry/version-id.ts';
import { type RouteVersion, routeVersions } from './route-versions.ts';
import { SeriesByVersion } from './series-by-version.ts';
import { type Read, readOnce, Window } from './window.ts';

/** How long a window stays after its version has become production, or has gone. */
const KEEP_MS = 15 * 60_000;
/** A version that comes back after so long begins anew: it was rolled out again. */
const GONE_MS = 60_000;
/** Windows at the same time. That of a busy version, 250 bins a block, holds 150 KB after an hour and 280 KB after a day. */
const MOST_WINDOWS = 1_000;
/** No window is opened while those that there are hold more together. */
const MOST_BYTES = 128 * 1024 * 1024;
/** Windows that begin with one tick, so that those of a process with a thousand canaries do not all end their blocks at once. */
const MOST_BEGUN = 50;

export interface RecorderOptions {
  /** All series that there are; the same array as before while none has come or gone. */
  readonly series: () => readonly Counted<SeriesLabels>[];
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  /** Windows at the same time. Default 1,000. */
  readonly mostWindows?: number;
  /** Beyond which no window is opened. Default 128 MiB. */
  readonly mostBytes?: number;
}

/** A version that the recorder knows. */
export interface KnownVersion {
  readonly id: VersionId;
  /** Null: it is in no table any more. */
  readonly role: Role | null;
  /** Of its Experiment; '' for others. */
  readonly template: string;
}

/** One version's way through its roles. */
interface Life {
  version: RouteVersion;
  /** Since when it has been in no table; null: it is in the table. */
  goneAt: number | null;
  /** Since when it has been production; null: it is not. */
  productionAt: number | null;
  /** When it became a candidate. */
  beganAt: number;
  /** What its series held when it became a candidate, where they held anything. */
  before: ReadonlyMap<Counted<unknown>, Reading>;
  window: Window | null;
}

/**
 * Records what candidates and their baselines do, in blocks of time. Idle versions cost a look at their counts of attempts
 * with each tick; a version that gets its first request gets a window.
 */
export class Recorder {
  readonly #series: SeriesByVersion;
  readonly #now: () => number;
  readonly #mostWindows: number;
  readonly #mostBytes: number;
  readonly #lives = new Map<string, Life>();
  readonly #windows = new Set<Life>();
  #tooLarge = false;
  #table: RoutingTable = { routes: [] };
  #aborted: ReadonlySet<string> = new Set();

  constructor({ series, now, mostWindows = MOST_WINDOWS, mostBytes = MOST_BYTES }: RecorderOptions) {
    this.#series = new SeriesByVersion(series);
    this.#now = now;
    this.#mostWindows = mostWindows;
    this.#mostBytes = mostBytes;
  }

  /** @param aborted `namespace/name` of the Rollouts that are aborted; a retry makes their versions begin anew */
  update(table: RoutingTable, aborted: ReadonlySet<string>): void {
    this.#series.refresh();
    const now = this.#now();
    const [gone, came] = difference(this.#table.routes, table.routes);
    this.#table = table;
    const versions = [...came].flatMap(routeVersions);
    const kept = new Set(versions.map(({ key }) => key));
    for (const { key } of [...gone].flatMap(routeVersions)) if (!kept.has(key)) this.#leave(key, now);
    for (const version of versions) this.#enter(version, now);
    const retried = [...this.#aborted].filter((rollout) => !aborted.has(rollout));
    this.#aborted = aborted;
    if (retried.length > 0) this.#beginAgain(new Set(retried));
  }

  /** To be called about once a second. */
  tick(): void {
    this.#series.refresh();
    const now = this.#now();
    const read = readOnce();
    this.#tooLarge = this.#bytes() >= this.#mostBytes;
    const most = this.#windows.size + MOST_BEGUN;
    for (const [key, life] of this.#lives) {
      if (this.#isOver(life, now)) this.#end(key, life);
      else if (life.window === null && this.#windows.size < most) this.#openWindow(key, life, now, read);
    }
    for (const { window, version } of this.#windows) window?.tick(now, this.#series.ofRoute(version.id.route), read);
  }

  /** @param key see `versionKey`. Null: it has had no traffic since it became a candidate */
  window(key: string): Window | null {
    return this.#lives.get(key)?.window ?? null;
  }

  /** When it became a candidate, in milliseconds of the recorder's clock; null: it is none. @param key see `versionKey` */
  candidateSince(key: string): number | null {
    const life = this.#lives.get(key);
    return life === undefined || life.productionAt !== null ? null : life.beganAt;
  }

  /** Whether as many windows are open as may be. */
  get full(): boolean {
    return this.#tooLarge || this.#windows.size >= this.#mostWindows;
  }

  /** All versions that are in the table or whose counts are still there, those of the table first and in its order. */
  known(): readonly KnownVersion[] {
    this.#series.refresh();
    const versions = new Map<string, KnownVersion>();
    for (const route of this.#table.routes) {
      for (const { key, id, role, template } of routeVersions(route)) versions.set(key, { id, role, template });
    }
    for (const [key, { version }] of this.#lives) {
      if (!versions.has(key)) versions.set(key, { id: version.id, role: null, template: version.template });
    }
    return [...versions.values()];
  }

  #bytes(): number {
    let bytes = 0;
    for (const { window } of this.#windows) bytes += window?.bytes ?? 0;
    return bytes;
  }

  #enter(version: RouteVersion, now: number): void {
    const life = this.#lives.get(version.key);
    const productionAt = version.production ? now : null;
    if (life === undefined) {
      const fresh: Life = {
        version,
        goneAt: null,
        productionAt,
        beganAt: now,
        before: new Map(),
        window: null,
      };
      this.#lives.set(version.key, fresh);
      if (!version.production) this.#begin(fresh);
      return;
    }
    const again = life.productionAt !== null || (life.goneAt !== null && now - life.goneAt >= GONE_MS);
    life.version = version;
    life.goneAt = null;
    life.productionAt = version.production ? (life.productionAt ?? now) : null;
    if (again && !version.production) this.#begin(life);
  }

  #leave(key: string, now: number): void {
    const life = this.#lives.get(key);
    if (life !== undefined) life.goneAt ??= now;
  }

  /** From now on it is a candidate, and nothing that was before counts. */
  #begin(life: Life): void {
    this.#windows.delete(life);
    life.window = null;
    life.beganAt = this.#now();
    const own = this.#series.of(life.version.key);
    life.before = new Map(own.filter((one) => countAttempts(one) > 0).map((one) => [one, readCounts(one)]));
  }

  #beginAgain(rollouts: ReadonlySet<string>): void {
    for (const life of this.#lives.values()) {
      const { production, id } = life.version;
      if (!production && rollouts.has(`${id.namespace}/${id.rollout}`)) this.#begin(life);
    }
  }

  #isOver({ goneAt, productionAt, window }: Life, now: number): boolean {
    if (goneAt !== null) return now - goneAt >= KEEP_MS;
    return window !== null && productionAt !== null && now - productionAt >= KEEP_MS;
  }

  #end(key: string, life: Life): void {
    this.#windows.delete(life);
    life.window = null;
    life.before = new Map();
    if (life.goneAt !== null) this.#lives.delete(key);
  }

  #openWindow(key: string, life: Life, now: number, read: Read): void {
    const { version, before, productionAt } = life;
    if (productionAt !== null || this.full) return;
    const own = this.#series.of(key);
    // One by one: the series of a role that it had before may be forgotten meanwhile.
    if (!own.some((one) => countAttempts(one) > (before.get(one)?.attempts ?? 0))) return;
    life.window = new Window(now, this.#series.ofRoute(version.id.route), new Set(own), before, read);
    life.before = new Map();
    this.#windows.add(life);
  }
}
