import type { Experiment } from '../model/experiment.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import { ObjectIndex } from './object-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/** A look-up that was made, and what it gave. */
interface Read {
  readonly again: (index: SnapshotIndex) => readonly unknown[];
  readonly result: readonly unknown[];
}

/**
 * An index that remembers what was looked up. As long as the same look-ups give the same lists, whatever was computed
 * from them need not be computed again: that is how one changed Pod costs the work of one Rollout.
 */
export class RecordedIndex extends ObjectIndex {
  readonly #index: SnapshotIndex;
  readonly #objects: unknown;
  readonly #reads: Read[] = [];
  readonly #pods = new Map<string, readonly Pod[]>();

  constructor(index: SnapshotIndex) {
    super();
    this.#index = index;
    this.#objects = index.objects;
  }

  /** Says of an index whether what was computed from this one would come out the same. */
  get holds(): (index: SnapshotIndex) => boolean {
    const [reads, pods] = [this.#reads, this.#pods];
    let objects = this.#objects;
    return (index) => {
      // Pods change all the time, the rest hardly ever.
      if (index.objects !== objects && !reads.every(({ again, result }) => again(index) === result)) return false;
      // Those of long ago are neither compared again nor kept.
      objects = index.objects;
      for (const [replicaSet, list] of pods) if (index.podsOf(replicaSet) !== list) return false;
      return true;
    };
  }

  override rolloutsNamed(name: string): readonly Rollout[] {
    return this.#read((index) => index.rolloutsNamed(name));
  }

  override experimentsIn(namespace: string): readonly Experiment[] {
    return this.#read((index) => index.experimentsIn(namespace));
  }

  override servicesNamed(name: string): readonly Service[] {
    return this.#read((index) => index.servicesNamed(name));
  }

  override servicesByFirstLabel(key: string): readonly Service[] {
    return this.#read((index) => index.servicesByFirstLabel(key));
  }

  override podsOf(replicaSet: string): readonly Pod[] {
    const list = this.#index.podsOf(replicaSet);
    this.#pods.set(replicaSet, list);
    return list;
  }

  #read<T>(again: (index: SnapshotIndex) => readonly T[]): readonly T[] {
    const result = again(this.#index);
    this.#reads.push({ again, result });
    return result;
  }
}
