import type { UsableInterval } from '../judge/usable-interval.ts';
import type { Pod } from './objects.ts';

/** When a Pod was usable, for the judgement. Times are epoch milliseconds. */
export class PodTimes {
  readonly pod: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startTime = new Date().toISOString();
  /** The ReplicaSet that owns it. */
  readonly replicaSet: string | null;
  ip = '';
  readonly #intervals: UsableInterval[] = [];

  constructor({ metadata }: Pod) {
    this.pod = metadata.name;
    this.namespace = metadata.namespace ?? '';
    this.labels = metadata.labels ?? {};
    this.replicaSet = metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet')?.name ?? null;
  }

  get hash(): string {
    return this.labels['rollouts-pod-template-hash'] ?? '';
  }

  /** One for each time in which it was Ready and not deleted. */
  get intervals(): readonly UsableInterval[] {
    return this.#intervals;
  }

  /** The API server has been asked to make it Ready `at` that moment. */
  usable(at: number): void {
    this.#intervals.push({ pod: this.pod, hash: this.hash, usableFrom: at, unusableAt: null });
  }

  /** The API server has accepted that it is not Ready, or is to end. The first time counts. */
  unusable(at: number): void {
    const last = this.#intervals.pop();
    if (last !== undefined) this.#intervals.push({ ...last, unusableAt: last.unusableAt ?? at });
  }
}
