import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../judge/judge.ts';
import { now } from '../load/clock.ts';
import type { Api } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import type { HeadgateDeployment, HeadgateOptions } from './headgate-deployment.ts';
import type { Kubectl } from './kubectl.ts';
import type { Cluster, Place } from './place.ts';
import type { PodRunner } from './pod-runner.ts';
import { RolloutDriver } from './rollout-driver.ts';
import type { Context, Scenario } from './scenario.ts';
import { Skipped } from './skipped.ts';
import type { Traffic, TrafficOptions } from './traffic.ts';

const TIMEOUT_MS = 180_000;
/** Kubelets take longer to start a Pod than the pod runner, and have to fetch the images. */
const FOREIGN_FACTOR = 2;

export interface Outcome {
  readonly name: string;
  readonly seconds: number;
  /** None: it passed, or was skipped. */
  readonly findings: readonly string[];
  /** Why it could not run to its end; null: it did. */
  readonly skipped: string | null;
  readonly rows: readonly Row[];
  /** Where a failed one's cause may be found. */
  readonly logs: string;
}

/** One run of a scenario in a namespace of its own, which is deleted when it has ended. */
export class ScenarioRun implements Context {
  readonly name: string;
  readonly namespace: string;
  readonly api: Api;
  readonly kubectl: Kubectl;
  readonly folder: string;
  readonly #scenario: Scenario;
  readonly #cluster: Cluster;
  readonly #place: Place;
  readonly #begin = now();
  readonly #print: (line: string) => void;
  readonly #findings: string[] = [];
  readonly #rows: Row[] = [];
  readonly #running = new Set<Traffic>();
  #headgate: HeadgateDeployment | null = null;
  #skipped: string | null = null;

  constructor(scenario: Scenario, cluster: Cluster, print: (line: string) => void) {
    this.name = scenario.name;
    this.#scenario = scenario;
    this.#cluster = cluster;
    this.#print = print;
    this.#place = cluster.place(scenario.name);
    this.namespace = this.#place.namespace;
    this.api = this.#place.api;
    this.kubectl = this.#place.kubectl;
    this.folder = join(cluster.folder, scenario.name);
    mkdirSync(this.folder, { recursive: true });
  }

  get cluster(): ControlPlane {
    return this.#cluster.plane;
  }

  get runner(): PodRunner {
    return this.#cluster.runner;
  }

  get programs(): string {
    return this.#cluster.programs;
  }

  async outcome(): Promise<Outcome> {
    const { name } = this;
    try {
      const { ownClusterOnly, timeoutMs = TIMEOUT_MS } = this.#scenario;
      const { isOwn } = this.#cluster;
      if (ownClusterOnly !== undefined && !isOwn) throw new Skipped(ownClusterOnly);
      await this.#place.make();
      await withTimeout(this.#scenario.run(this), timeoutMs * (isOwn ? 1 : FOREIGN_FACTOR));
    } catch (error) {
      if (error instanceof Skipped) this.#skipped = error.message;
      else this.fail(error instanceof Error ? error.message : String(error));
      if (error instanceof Error && process.env['DEBUG'] !== undefined) this.#print(error.stack ?? '');
    }
    for (const traffic of this.#running) await this.judge(traffic);
    const logs = this.#findings.length === 0 ? '' : await this.#place.logs();
    this.#headgate?.close();
    await this.#place.remove().catch((error) => this.fail(String(error)));
    return {
      name,
      seconds: (now() - this.#begin) / 1000,
      findings: this.#findings,
      skipped: this.#skipped,
      rows: this.#rows,
      logs,
    };
  }

  // Properties, so that a scenario may take its context apart.
  readonly step = (text: string): void => {
    this.#print(`${this.name}: ${((now() - this.#begin) / 1000).toFixed(1)} s: ${text}`);
  };

  readonly fail = (message: string): void => {
    this.#findings.push(message);
  };

  readonly assert = (holds: boolean, message: string): void => {
    if (!holds) throw new Error(message);
  };

  readonly rollout = (name: string): RolloutDriver => new RolloutDriver(this.api, this.kubectl, name);

  readonly headgate = async (options: HeadgateOptions = {}): Promise<HeadgateDeployment> => {
    this.#headgate?.close();
    this.#headgate = await this.#place.headgate(this.folder, options);
    return this.#headgate;
  };

  readonly traffic = (options: TrafficOptions): Traffic => {
    const traffic = this.#place.traffic(options);
    this.#running.add(traffic);
    return traffic;
  };

  readonly judge = async (traffic: Traffic): Promise<Row> => {
    this.#running.delete(traffic);
    const { findings, row } = await traffic.stop(this.#place.intervals());
    for (const { demand, message } of findings) this.fail(`${demand}: ${message}`);
    this.#rows.push(row);
    return row;
  };
}

async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
