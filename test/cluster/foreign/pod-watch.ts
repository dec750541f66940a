import type { UsableInterval } from '../judge/usable-interval.ts';
import type { Api } from '../lib/api.ts';
import type { Pod } from '../lib/objects.ts';
import { PodTimes } from '../lib/pod-times.ts';
import type { Watch, WatchEvent } from '../lib/watch.ts';

/** When the Pods of a namespace were usable, as far as their watch tells: later than it was by the watch's own delay. */
export class PodWatch {
  readonly #watch: Watch<Pod>;
  readonly #pods = new Map<string, { readonly times: PodTimes; usable: boolean }>();

  constructor(api: Api) {
    this.#watch = api.watch('Pod', (event) => this.#onEvent(event));
  }

  get intervals(): readonly UsableInterval[] {
    return [...this.#pods.values()].flatMap(({ times }) => (times.hash === '' ? [] : times.intervals));
  }

  close(): void {
    this.#watch.close();
  }

  #onEvent({ type, object, at }: WatchEvent<Pod>): void {
    const { uid = '', deletionTimestamp } = object.metadata;
    const known = this.#pods.get(uid) ?? { times: new PodTimes(object), usable: false };
    this.#pods.set(uid, known);
    const ready = object.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
    const usable = ready && type !== 'DELETED' && deletionTimestamp === undefined;
    if (usable === known.usable) return;
    known.usable = usable;
    if (usable) known.times.usable(at);
    else known.times.unusable(at);
  }
}
