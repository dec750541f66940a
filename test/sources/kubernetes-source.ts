import type { Test } from 'tap';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { type KubernetesOptions, KubernetesSource } from '../../src/sources/kubernetes.ts';
import { experiment, pod, rollout, service } from '../routing/builders.ts';
import { type Asked, KubernetesApi } from './kubernetes-api.ts';

/** Waits short enough for a test, in the proportions of the real ones. */
export const FAST = { backoffMs: 5, provenMs: 20, quietMs: 5, mostMs: 25 };

/** A source and what it has published. */
export class Watched {
  readonly source: KubernetesSource;
  readonly snapshots: Snapshot[] = [];
  readonly waiting: string[] = [];
  #wake: (() => void) | null = null;

  constructor(api: KubernetesApi, options: Partial<KubernetesOptions> = {}) {
    this.source = new KubernetesSource({
      access: async () => ({ server: api.url, credentials: async () => ({}), renew: () => undefined }),
      namespaces: null,
      timing: FAST,
      onWaiting: ({ message }) => this.waiting.push(message),
      ...options,
    });
  }

  start(): Promise<void> {
    return this.source.start((snapshot) => {
      this.snapshots.push(snapshot);
      this.#wake?.();
    });
  }

  get last(): Snapshot {
    const last = this.snapshots.at(-1);
    if (last === undefined) throw new Error('nothing was published');
    return last;
  }

  /** The names of what was published last, kind by kind. */
  get names(): string {
    const { rollouts, experiments, services, pods } = this.last;
    const lists = [rollouts, experiments, services, pods.values().flat()];
    return lists.flatMap((list) => list.map(({ namespace, name }) => `${namespace}/${name}`)).join(' ');
  }

  get problems(): readonly string[] {
    return this.source.problems.map(({ message }) => message);
  }

  /** Resolves when it is so; looked at whenever something is published. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A source of this server that has been synced, and is stopped with the test. */
export async function synced(t: Test, api: KubernetesApi, options: Partial<KubernetesOptions> = {}): Promise<Watched> {
  const watched = new Watched(api, options);
  t.teardown(() => watched.source.stop());
  await watched.start();
  return watched;
}

export const watchOf = (resource: string) => (asked: Asked) => asked.watch && asked.resource === resource;
export const listOf = (resource: string) => (asked: Asked) => !asked.watch && asked.resource === resource;

/** A server with one object of each kind, and a source that watches all of them. */
export async function watching(t: Test, options: Parameters<typeof synced>[2] = {}) {
  const api = await KubernetesApi.start(t);
  for (const object of [rollout({}), experiment('e'), service('web'), pod({ n: 1, hash: 'a' })]) api.put(object);
  const watched = await synced(t, api, options);
  await api.until(() => api.watches.length === 4);
  return { api, watched };
}

/** The names of its objects. */
export const ALL = 'shop/web shop/e shop/web shop/web-a-1';
export const count = (api: KubernetesApi, matches: (asked: Asked) => boolean) => api.asked.filter(matches).length;
