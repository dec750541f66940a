import { type Snapshot, SnapshotStore } from '../../src/model/snapshot.ts';
import type { Source } from '../../src/sources/source.ts';
import { type Creation, pod, readiness, rolloutWithService, type Shape } from '../scale/objects.ts';

/** Steps of the Rollouts' canaries that a change goes between: 20 % and 50 %. */
const STEPS = [1, 3] as const;
const NAMESPACES = 1;

/** Rollouts and their Pods, at hand instead of in a cluster, which change when they are told to. */
export class Fleet implements Source {
  readonly kind = 'files';
  synced = false;
  lastEventAt: number | null = null;
  readonly problems = [];
  readonly #store = new SnapshotStore();
  readonly #shape: Shape;
  #onChange: (snapshot: Snapshot) => void = () => undefined;
  #rolloutChanges = 0;
  #podChanges = 0;

  constructor(shape: Omit<Shape, 'namespaces'>) {
    this.#shape = { ...shape, namespaces: NAMESPACES };
  }

  async start(onChange: (snapshot: Snapshot) => void): Promise<void> {
    const { rollouts, podsOfEach } = this.#shape;
    for (let i = 0; i < rollouts; i += 1) {
      for (const creation of rolloutWithService(i, this.#shape)) this.#store.apply('ADDED', objectOf(creation));
      for (let n = 0; n < podsOfEach; n += 1) {
        this.#store.apply('ADDED', objectOf(pod(i, n, this.#shape, this.#addressOf(i, n))));
      }
    }
    this.#onChange = onChange;
    this.synced = true;
    this.#publish();
  }

  async stop(): Promise<void> {
    this.#onChange = () => undefined;
  }

  /** A Rollout goes to another step of its canary: another table. Each time another one, the first of them too. */
  changeRollout(): void {
    const { rollouts } = this.#shape;
    const i = (this.#rolloutChanges * 7) % rollouts;
    const round = Math.floor(this.#rolloutChanges / rollouts);
    this.#rolloutChanges += 1;
    for (const creation of rolloutWithService(i, this.#shape)) {
      const object = objectOf(creation);
      if (object['kind'] !== 'Rollout') continue;
      this.#store.apply('MODIFIED', {
        ...object,
        status: { ...creation.status, currentStepIndex: STEPS[(round + 1) % 2] },
      });
    }
    this.#publish();
  }

  /** A Pod is ready no more, or again: a change of endpoints. */
  changePod(): void {
    const { rollouts, podsOfEach } = this.#shape;
    const [i, n] = [(this.#podChanges * 7) % rollouts, Math.floor(this.#podChanges / 2) % podsOfEach];
    // What goes comes back with the next event, so that nobody is ever without most of its endpoints.
    const ready = this.#podChanges % 2 === 1;
    this.#podChanges += 1;
    const one = rollouts === 1 ? 0 : i - (i % 2);
    const ip = this.#addressOf(one, n);
    this.#store.apply('MODIFIED', { ...objectOf(pod(one, n, this.#shape, ip)), status: readiness(ready, ip) });
    this.#publish();
  }

  #publish(): void {
    this.lastEventAt = Date.now();
    this.#onChange(this.#store.snapshot());
  }

  /** All of loopback's, where a server that listens on 0.0.0.0 answers at each. */
  #addressOf(rollout: number, n: number): string {
    const k = rollout * this.#shape.podsOfEach + n + 1;
    return `127.${1 + (k >> 16)}.${(k >> 8) & 255}.${k & 255}`;
  }
}

function objectOf({ object, status }: Creation): Readonly<Record<string, unknown>> {
  return status === undefined ? object : { ...object, status };
}
