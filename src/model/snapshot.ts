import { z } from 'zod';
import type { Path } from '../common/format-path.ts';
import { Collection } from './collection.ts';
import { type Experiment, parseExperiment } from './experiment.ts';
import { text } from './fields.ts';
import { compareProblems } from './order.ts';
import { type Pod, parsePod } from './pod.ts';
import { PodGroups } from './pod-groups.ts';
import type { PodLists } from './pod-lists.ts';
import type { Problem } from './problem.ts';
import { parseRollout, type Rollout } from './rollout.ts';
import { parseService, type Service } from './service.ts';

/** Everything that a source knows at one moment. Frozen; each list in the order of namespace, then name. */
export interface Snapshot {
  readonly rollouts: readonly Rollout[];
  readonly experiments: readonly Experiment[];
  readonly services: readonly Service[];
  /** Those that a ReplicaSet owns: a list that is as it was is the same list, so it tells which versions are concerned. */
  readonly pods: PodLists;
  /** Those that none owns. */
  readonly orphans: readonly Pod[];
  /** Objects that cannot be understood, and what is wrong with those that can. */
  readonly problems: readonly Problem[];
  /** `namespace/name` of the Rollouts that are left out for that reason: a Rollout is alone only if there are none. */
  readonly unreadableRollouts: readonly string[];
}

/** As little as says which object it is: what else is wrong with it is for the kind's own parser to say. */
const head = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: text.catch('?'), namespace: text.catch('?') }).catch({ name: '?', namespace: '?' }),
});

/**
 * Gathers objects and their changes, in any order, into snapshots. An object is known by kind, namespace and name.
 * Kinds that Headgate does not use are ignored. An object that cannot be understood is a problem, and counts as it was
 * when it last could be; where it never could, it alone is left out.
 */
export class SnapshotStore {
  readonly #rollouts = new Collection<Rollout>(parseRollout);
  readonly #experiments = new Collection<Experiment>(parseExperiment);
  readonly #services = new Collection<Service>(parseService);
  readonly #groups = new PodGroups();
  readonly #pods = new Collection<Pod>(parsePod, (before, after) => this.#groups.change(before, after));

  /**
   * Takes one event of a watch (or one object of a list or file, as ADDED).
   * @returns whether a snapshot is different now
   */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown): boolean {
    const known = head.safeParse(object);
    if (!known.success) return false;
    const { apiVersion, kind, metadata } = known.data;
    const collection = this.#collectionOf(apiVersion, kind);
    if (collection === null) return false;
    const key = `${metadata.namespace || 'default'}/${metadata.name}`;
    return type === 'DELETED' ? collection.delete(key) : collection.set(key, object);
  }

  /** @param placeOf where a problem is, for a source that knows more than the object (`Rollout shop/web`) and the path */
  snapshot(placeOf: (object: string, path: Path) => string = (object) => object): Snapshot {
    const all = [this.#rollouts, this.#experiments, this.#services, this.#pods];
    const problems = all.flatMap((collection) => collection.problems()).sort(compareProblems);
    return Object.freeze({
      rollouts: this.#rollouts.sorted(),
      experiments: this.#experiments.sorted(),
      services: this.#services.sorted(),
      pods: this.#groups.lists(),
      orphans: this.#groups.orphans(),
      problems: Object.freeze(
        problems.map(({ place, path, message, remedy }) => ({ place: placeOf(place, path), message, remedy })),
      ),
      unreadableRollouts: this.#rollouts.leftOut,
    });
  }

  #collectionOf(apiVersion: string, kind: string): Pick<Collection<Pod>, 'set' | 'delete'> | null {
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
