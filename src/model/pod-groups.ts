import { compareAddresses, compareObjects } from './order.ts';
import type { Pod } from './pod.ts';
import { PodLists } from './pod-lists.ts';
import { SortedList } from './sorted-list.ts';

/** Gathers Pods by ReplicaSet, which is how versions ask for them. A change costs work for the Pods of its own ReplicaSet. */
export class PodGroups {
  readonly #groups = new Map<string, SortedList<Pod>>();
  readonly #changed = new Set<string>();
  readonly #orphans = new SortedList<Pod>(compareObjects);
  #lists = PodLists.empty;

  change(before: Pod | undefined, after: Pod | undefined): void {
    // A Pod can lose its owner: the ReplicaSet was deleted and orphaned it.
    if (before !== undefined) this.#of(before).change(before, undefined);
    if (after !== undefined) this.#of(after).change(undefined, after);
  }

  lists(): PodLists {
    if (this.#changed.size === 0) return this.#lists;
    this.#lists = this.#lists.with([...this.#changed].map((key) => [key, this.#list(key)]));
    this.#changed.clear();
    return this.#lists;
  }

  /** The Pods that no ReplicaSet owns, by namespace, then name. */
  orphans(): readonly Pod[] {
    return this.#orphans.values;
  }

  #list(key: string): readonly Pod[] {
    const pods = this.#groups.get(key)?.values ?? [];
    if (pods.length === 0) this.#groups.delete(key);
    return pods;
  }

  #of(pod: Pod): SortedList<Pod> {
    if (pod.replicaSet === '') return this.#orphans;
    const key = keyOf(pod);
    this.#changed.add(key);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new SortedList<Pod>(compareAddresses);
      this.#groups.set(key, group);
    }
    return group;
  }
}

/** Of its ReplicaSet. */
function keyOf({ namespace, replicaSet }: Pod): string {
  return `${namespace}/${replicaSet}`;
}
