import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../judge/judge.ts';
import { now } from '../load/clock.ts';
import type { Api } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import { HeadgateDeployment, type HeadgateOptions } from './headgate-deployment.ts';
import { Kubectl } from './kubectl.ts';
import type { PodRunner } from './pod-runner.ts';
import { RolloutDriver } from './rollout-driver.ts';
import type { Context, Scenario } from './scenario.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

const TIMEOUT_MS = 180_000;
const TAIL = 15;

export interface Outcome {
  readonly name: string;
  readonly seconds: number;
  /** None: it passed. */
  readonly findings: readonly string[];
  readonly rows: readonly Row[];
  /** Where a failed one's cause may be found. */
  readonly logs: string;
}

export interface Cluster {
  readonly plane: ControlPlane;
  readonly runner: PodRunner;
  readonly programs: string;
  readonly folder: string;
}

/** One run of a scenario in a namespace of its own, which is deleted when it has ended. */
export class ScenarioRun implements Context {
  readonly name: string;
  readonly namespace: string;
  readonly api: Api;
  readonly kubectl: Kubectl;
  readonly cluster: ControlPlane;
  readonly runner: PodRunner;
  readonly folder: string;
  readonly programs: string;
  readonly #scenario: Scenario;
  readonly #begin = now();
  readonly #print: (line: string) => void;
  readonly #findings: string[] = [];
  readonly #rows: Row[] = [];
  readonly #running = new Set<Traffic>();
  #headgate: HeadgateDeployment | null = null;

  constructor(scenario: Scenario, { plane, runner, programs, folder }: Cluster, print: (line: string) => void) {
    this.name = scenario.name;
    this.namespace = scenario.name;
    this.#scenario = scenario;
    this.#print = print;
    this.api = plane.api.in(this.namespace);
    this.kubectl = new Kubectl(programs, plane.kubeconfig, this.namespace);
    this.cluster = plane;
    this.runner = runner;
    this.programs = programs;
    this.folder = join(folder, scenario.name);
    mkdirSync(this.folder, { recursive: true });
  }

  async outcome(): Promise<Outcome> {
    const { name } = this;
    try {
      await this.#makeNamespace();
      await withTimeout(this.#scenario.run(this), this.#scenario.timeoutMs ?? TIMEOUT_MS);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      if (error instanceof Error && process.env['DEBUG'] !== undefined) this.#print(error.stack ?? '');
    }
    for (const traffic of this.#running) await this.judge(traffic);
    const logs = this.#findings.length === 0 ? '' : await this.#logs();
    this.#headgate?.close();
    await this.api.delete('Namespace', this.namespace).catch((error) => this.fail(String(error)));
    return { name, seconds: (now() - this.#begin) / 1000, findings: this.#findings, rows: this.#rows, logs };
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
    this.#headgate = await HeadgateDeployment.apply(this.api, this.kubectl, this.folder, options);
    return this.#headgate;
  };

  readonly traffic = (options: TrafficOptions): Traffic => {
    const traffic = new Traffic(this.name, this.api, options);
    this.#running.add(traffic);
    return traffic;
  };

  readonly judge = async (traffic: Traffic): Promise<Row> => {
    this.#running.delete(traffic);
    const { findings, row } = await traffic.stop(this.runner.intervals(this.namespace));
    for (const { demand, message } of findings) this.fail(`${demand}: ${message}`);
    this.#rows.push(row);
    return row;
  };

  /** Resolves when Pods can be made in it: they need the service account that a controller makes. */
  async #makeNamespace(): Promise<void> {
    await this.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
    await this.api.retry(() => this.api.get('ServiceAccount', 'default'));
  }

  async #logs(): Promise<string> {
    const parts = [this.cluster.tails(TAIL)];
    try {
      parts.push(
        await this.kubectl.kubectl(['get', 'rollouts,experiments,replicasets,pods,endpointslices', '-o', 'wide']),
      );
      const pods = await this.api.list('Pod', 'app.kubernetes.io/name=headgate');
      for (const { metadata } of pods) parts.push(this.runner.tail(this.namespace, metadata.name, TAIL));
    } catch (error) {
      parts.push(String(error));
    }
    return parts.join('\n');
  }
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
