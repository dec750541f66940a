import { compareObjects, compareText } from './order.ts';
import type { Pod } from './pod.ts';
import { PodLists } from './pod-lists.ts';

/** Gathers Pods by ReplicaSet, which is how versions ask for them. A change costs work for the Pods of its own ReplicaSet. */
export class PodGroups {
  readonly #groups = new Map<string, Map<string, Pod>>();
  readonly #changed = new Set<string>();
  readonly #orphans = new Map<string, Pod>();
  #lists = PodLists.empty;
  #sortedOrphans: readonly Pod[] | null = null;

  change(before: Pod | undefined, after: Pod | undefined): void {
    // A Pod can lose its owner: the ReplicaSet was deleted and orphaned it.
    if (before !== undefined) this.#of(before).delete(keyOf(before));
    if (after !== undefined) this.#of(after).set(keyOf(after), after);
  }

  lists(): PodLists {
    if (this.#changed.size === 0) return this.#lists;
    this.#lists = this.#lists.with([...this.#changed].map((key) => [key, this.#list(key)]));
    this.#changed.clear();
    return this.#lists;
  }

  /** The Pods that no ReplicaSet owns, by namespace, then name. */
  orphans(): readonly Pod[] {
    this.#sortedOrphans ??= Object.freeze([...this.#orphans.values()].sort(compareObjects));
    return this.#sortedOrphans;
  }

  #list(key: string): readonly Pod[] {
    const pods = [...(this.#groups.get(key)?.values() ?? [])];
    if (pods.length === 0) this.#groups.delete(key);
    return Object.freeze(pods.sort((a, b) => compareText(a.name, b.name)));
  }

  #of({ namespace, replicaSet }: Pod): Map<string, Pod> {
    if (replicaSet === '') {
      this.#sortedOrphans = null;
      return this.#orphans;
    }
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

function keyOf({ namespace, name }: Pod): string {
  return `${namespace}/${name}`;
}
