import { z } from 'zod';
import { type Experiment, parseExperiment } from './experiment.ts';
import { text } from './fields.ts';
import { compareObjects, compareText } from './order.ts';
import type { Parsed } from './parsed.ts';
import { type Pod, parsePod } from './pod.ts';
import { parseRollout, type Rollout } from './rollout.ts';
import { parseService, type Service } from './service.ts';

/** Everything that a source knows at one moment. Frozen; each list in the order of namespace, then name. */
export interface Snapshot {
  readonly rollouts: readonly Rollout[];
  readonly experiments: readonly Experiment[];
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  /** Objects that were left out because they cannot be understood; each text names the object and the mistake. */
  readonly problems: readonly string[];
  /** How many of those were Rollouts: a Rollout is alone only if this is 0 as well. */
  readonly unreadableRollouts: number;
}

/** As little as says which object it is: what else is wrong with it is for the kind's own parser to say. */
const head = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: text.catch('?'), namespace: text.catch('?') }).catch({ name: '?', namespace: '?' }),
});

/**
 * Gathers objects and their changes, in any order, into snapshots. An object is known by kind, namespace and name.
 * Kinds that Headgate does not use are ignored; an object that cannot be understood is left out alone, with a problem.
 */
export class SnapshotStore {
  readonly #rollouts = new Collection<Rollout>(parseRollout);
  readonly #experiments = new Collection<Experiment>(parseExperiment);
  readonly #services = new Collection<Service>(parseService);
  readonly #pods = new Collection<Pod>(parsePod);

  /** Takes one event of a watch (or one object of a list or file, as ADDED). */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown): void {
    const known = head.safeParse(object);
    if (!known.success) return;
    const { apiVersion, kind, metadata } = known.data;
    const collection = this.#collectionOf(apiVersion, kind);
    if (collection === null) return;
    const key = `${metadata.namespace || 'default'}/${metadata.name}`;
    if (type === 'DELETED') collection.delete(key);
    else collection.set(key, object);
  }

  snapshot(): Snapshot {
    const all = [this.#rollouts, this.#experiments, this.#services, this.#pods];
    return Object.freeze({
      rollouts: this.#rollouts.values(),
      experiments: this.#experiments.values(),
      services: this.#services.values(),
      pods: this.#pods.values(),
      problems: Object.freeze(all.flatMap((collection) => collection.problems()).sort(compareText)),
      unreadableRollouts: this.#rollouts.problems().length,
    });
  }

  #collectionOf(apiVersion: string, kind: string): Collection<Keyed> | null {
    // The group counts: a Knative Service is not a Service.
    if (apiVersion.startsWith('argoproj.io/')) {
      if (kind === 'Rollout') return this.#rollouts;
      if (kind === 'Experiment') return this.#experiments;
    }
    if (apiVersion === 'v1') {
      if (kind === 'Service') return this.#services;
      if (kind === 'Pod') return this.#pods;
    }
    return null;
  }
}

interface Keyed {
  readonly namespace: string;
  readonly name: string;
}

/** The objects of one kind. The sorted list is kept until one of them changes: pods come and go far more often. */
class Collection<T extends Keyed> {
  readonly #parse: (object: unknown) => Parsed<T>;
  readonly #objects = new Map<string, T>();
  readonly #problems = new Map<string, string>();
  #sorted: readonly T[] | null = null;

  constructor(parse: (object: unknown) => Parsed<T>) {
    this.#parse = parse;
  }

  set(key: string, object: unknown): void {
    this.delete(key);
    const parsed = this.#parse(object);
    if (parsed.ok) this.#objects.set(key, parsed.value);
    else this.#problems.set(key, parsed.reason);
  }

  delete(key: string): void {
    this.#sorted = null;
    this.#objects.delete(key);
    this.#problems.delete(key);
  }

  values(): readonly T[] {
    this.#sorted ??= Object.freeze([...this.#objects.values()].sort(compareObjects));
    return this.#sorted;
  }

  problems(): readonly string[] {
    return [...this.#problems.values()];
  }
}
