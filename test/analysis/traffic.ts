import { Recorder } from '../../src/analysis/recorder.ts';
import type { Sample } from '../../src/analysis/statistics/block.ts';
import type { Route, RoutingTable, Version } from '../../src/routing/table.ts';
import { SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { seriesKey } from '../../src/telemetry/keys.ts';
import { recordAttempt, recordOutcome } from '../../src/telemetry/record.ts';
import { versionKey } from '../../src/telemetry/version-id.ts';

/** Counters as the workers write them, a recorder that reads them, and a clock that the test moves. */
export class Traffic {
  readonly registry: SeriesRegistry;
  readonly recorder: Recorder;
  readonly #workers: WorkerCounters[] = [];
  #table: RoutingTable = { routes: [] };
  /** Seconds. */
  #now = 100;

  constructor({ workers = 1, ...limits }: { workers?: number; mostWindows?: number; mostBytes?: number } = {}) {
    const now = () => this.#now * 1000;
    this.registry = new SeriesRegistry({ workers, now });
    for (let slot = 0; slot < workers; slot++) this.#workers.push(new WorkerCounters(this.registry.blocksFor(slot)));
    this.recorder = new Recorder({ series: () => this.registry.series(), now, ...limits });
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now * 1000;
  }

  /** Another table, as the control plane brings it: counters first. */
  apply(table: RoutingTable, aborted: readonly string[] = []): void {
    this.#table = table;
    for (const [slot, patch] of this.registry.update(table).entries()) this.#workers[slot]?.apply(patch);
    this.recorder.update(table, new Set(aborted));
  }

  /** Requests to a version by its name, each 10 ms unless said otherwise. */
  send(name: string, count: number, { failures = 0, ms = 10, worker = 0 } = {}): void {
    const { route, version } = this.#find(name);
    const block = this.#workers[worker]?.series(seriesKey(route.name, version));
    if (block === undefined) throw new Error(`no worker ${worker}`);
    for (let i = 0; i < count; i++) {
      recordAttempt(block, i < failures ? 'error' : 'ok');
      recordOutcome(block, i < failures ? 500 : 200, ms);
    }
  }

  /** Time goes by, with a tick each second. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.#now += 1;
      this.recorder.tick();
    }
  }

  /** The clock goes on, and nobody looks. */
  hang(seconds: number): void {
    this.#now += seconds;
  }

  key(name: string): string {
    const { route, version } = this.#find(name);
    const { namespace, rollout, experiment } = version;
    return versionKey({ route: route.name, namespace, rollout, experiment, version: name });
  }

  /** What two versions did, by block; null: the candidate has no window. */
  pairs(candidate: string, baseline: string): { candidate: Sample; baseline: Sample }[] | null {
    const window = this.recorder.window(this.key(candidate));
    return window?.pair(this.key(candidate), this.key(baseline)).pairs() ?? null;
  }

  /** Attempts of both, by block. */
  attempts(candidate: string, baseline: string): [candidate: number, baseline: number][] | null {
    return this.pairs(candidate, baseline)?.map((block) => [block.candidate.attempts, block.baseline.attempts]) ?? null;
  }

  #find(name: string): { route: Route; version: Version } {
    for (const route of this.#table.routes) {
      const version = route.versions.find((one) => one.name === name);
      if (version !== undefined) return { route, version };
    }
    throw new Error(`no version ${name}`);
  }
}
