import { compareText } from './order.ts';
import type { Pod } from './pod.ts';

/**
 * Pods by namespace and ReplicaSet, which is how versions ask for them. A change costs work for the Pods of its own
 * ReplicaSet, and for the number of ReplicaSets at the next `lists`; never for all Pods.
 */
export class PodGroups {
  readonly #groups = new Map<string, Map<string, Pod>>();
  readonly #changed = new Set<string>();
  #lists: ReadonlyMap<string, readonly Pod[]> = new Map();

  change(before: Pod | undefined, after: Pod | undefined): void {
    // A Pod can lose its owner: the ReplicaSet was deleted and orphaned it.
    if (before !== undefined) this.#group(before).delete(before.name);
    if (after !== undefined) this.#group(after).set(after.name, after);
  }

  /** Each list by name of the Pod. What has not changed since the last call is the same list, or the same map. */
  lists(): ReadonlyMap<string, readonly Pod[]> {
    if (this.#changed.size === 0) return this.#lists;
    const lists = new Map(this.#lists);
    for (const key of this.#changed) {
      const pods = [...(this.#groups.get(key)?.values() ?? [])];
      if (pods.length > 0) {
        lists.set(key, Object.freeze(pods.sort((a, b) => compareText(a.name, b.name))));
      } else {
        lists.delete(key);
        this.#groups.delete(key);
      }
    }
    this.#changed.clear();
    this.#lists = lists;
    return lists;
  }

  #group({ namespace, replicaSet }: Pod): Map<string, Pod> {
    const key = `${namespace}/${replicaSet}`;
    this.#changed.add(key);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Map();
      this.#groups.set(key, group);
    }
    return group;
  }
}
