import type { Experiment } from '../model/experiment.ts';
import type { Pod } from '../model/pod.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import { ObjectIndex } from './object-index.ts';

/** A look-up that was made, and what it gave. */
interface Read {
  readonly again: (index: ObjectIndex) => readonly unknown[];
  readonly result: readonly unknown[];
}

/**
 * An index that remembers what was looked up. As long as the same look-ups give the same lists, whatever was computed
 * from them need not be computed again: that is how one changed Pod costs the work of one Rollout.
 */
export class RecordedIndex extends ObjectIndex {
  readonly #index: ObjectIndex;
  readonly #reads: Read[] = [];

  constructor(index: ObjectIndex) {
    super();
    this.#index = index;
  }

  /** Says of an index whether what was computed from this one would come out the same. */
  get holds(): (index: ObjectIndex) => boolean {
    const reads = this.#reads;
    return (index) => reads.every(({ again, result }) => again(index) === result);
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
    return this.#read((index) => index.podsOf(replicaSet));
  }

  #read<T>(again: (index: ObjectIndex) => readonly T[]): readonly T[] {
    const result = again(this.#index);
    this.#reads.push({ again, result });
    return result;
  }
}
