import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, parseAllDocuments } from 'yaml';
import { now } from '../load/clock.ts';
import type { Target } from '../load/target.ts';
import type { Api, Manifest } from './api.ts';
import type { Kubectl } from './kubectl.ts';
import { PodReplicas } from './pod-replicas.ts';
import type { Replicas } from './replicas.ts';

const MANIFESTS = join(import.meta.dirname, '../../../config/kubernetes');

export interface HeadgateOptions {
  /** A folder below `config/kubernetes`; `base` where it is left out. */
  readonly kustomization?: string;
  /** 2 where it is left out. With 1 there is no HorizontalPodAutoscaler, which would make it 2. */
  readonly replicas?: number;
  /** Instead of the `headgate.yaml` that the base ships. */
  readonly config?: string;
  /** Called with each object before it is applied; what it returns is applied instead, null: it is left out. */
  readonly change?: (manifest: Manifest) => Manifest | null;
}

/** A route of `/api/table`, as far as scenarios look at it. */
export interface TableRoute {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly versions: readonly {
    readonly key: string;
    readonly name: string;
    readonly role: string;
    readonly weight: number;
    readonly endpoints: readonly string[];
  }[];
  readonly rules: readonly Readonly<Record<string, unknown>>[];
}

export interface Table {
  readonly generation: number;
  readonly workers: readonly { readonly worker: number; readonly generation: number }[];
  readonly routes: readonly TableRoute[];
  readonly problems: readonly unknown[];
}

/** Headgate in a namespace. */
export class HeadgateDeployment {
  readonly #replicas: Replicas;

  constructor(replicas: Replicas) {
    this.#replicas = replicas;
  }

  /**
   * From the shipped manifests. Resolves when all replicas are ready and the Service names them. `folder` is for the
   * kustomization.
   */
  static async apply(
    api: Api,
    kubectl: Kubectl,
    folder: string,
    options: HeadgateOptions = {},
  ): Promise<HeadgateDeployment> {
    const { replicas = 2 } = options;
    await api.apply(await manifests(api.namespace, kubectl, folder, { ...options, replicas }));
    const headgate = new HeadgateDeployment(new PodReplicas(api));
    const deadline = now() + 60_000;
    while (headgate.targets.length < replicas) {
      if (now() > deadline) {
        throw new Error(`Headgate: ${headgate.targets.length} of ${replicas} replicas ready within 60 s`);
      }
      await sleep(50);
    }
    return headgate;
  }

  /** Where the ready replicas take requests. */
  get targets(): readonly Target[] {
    return this.#replicas.targets;
  }

  /** Where the ready replicas have their admin servers, each as `http://10.244.0.5:8081`. */
  get admins(): readonly string[] {
    return this.#replicas.admins;
  }

  /** Calls back at once and at each change of the ready replicas. */
  onTargets(listener: (targets: readonly Target[]) => void): void {
    this.#replicas.onChange(() => listener(this.targets));
    listener(this.targets);
  }

  /** The names of its Pods. */
  pods(): Promise<readonly string[]> {
    return this.#replicas.pods();
  }

  /** What each ready replica answers to a GET at its admin port. */
  async ask(path: string): Promise<readonly string[]> {
    return Promise.all(this.admins.map(async (admin) => (await fetch(`${admin}${path}`)).text()));
  }

  async tables(): Promise<readonly Table[]> {
    return (await this.ask('/api/table')).map((text) => JSON.parse(text) as Table);
  }

  /** Resolves with a table once it holds of every replica's table. @throws Error with the tables after `timeoutMs` */
  async untilTable(what: string, holds: (table: Table) => boolean, timeoutMs = 15_000): Promise<Table> {
    const deadline = now() + timeoutMs;
    for (;;) {
      const tables = await this.tables();
      const [first] = tables;
      if (first !== undefined && tables.every(holds)) return first;
      if (now() > deadline)
        throw new Error(`no table with ${what} within ${timeoutMs / 1000} s: ${JSON.stringify(tables)}`);
      await sleep(50);
    }
  }

  close(): void {
    this.#replicas.close();
  }
}

async function manifests(
  namespace: string,
  kubectl: Kubectl,
  folder: string,
  options: HeadgateOptions & { replicas: number },
): Promise<Manifest[]> {
  const { kustomization = 'base', replicas, config, change = (manifest) => manifest } = options;
  const here = join(folder, `headgate-${namespace}`);
  mkdirSync(here, { recursive: true });
  writeFileSync(
    join(here, 'kustomization.yaml'),
    JSON.stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace,
      resources: [relative(here, join(MANIFESTS, kustomization))],
      replicas: [{ name: 'headgate', count: replicas }],
    }),
  );
  const yaml = await kubectl.kubectl(['kustomize', here, '--load-restrictor=LoadRestrictionsNone']);
  const all = parseAllDocuments(yaml).map((document): Manifest => document.toJS());
  return all
    .filter(({ kind }) => kind !== 'HorizontalPodAutoscaler' || replicas !== 1)
    .map((manifest) =>
      manifest['kind'] === 'ConfigMap' && config !== undefined
        ? { ...manifest, data: { 'headgate.yaml': check(config) } }
        : manifest,
    )
    .map(change)
    .filter((manifest) => manifest !== null);
}

/** A scenario's own slip is better found here than in the log of a Pod that does not start. */
function check(config: string): string {
  parse(config);
  return config;
}
