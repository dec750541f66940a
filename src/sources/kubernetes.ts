import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import type { Access } from './kubernetes/access.ts';
import { ApiClient } from './kubernetes/api-client.ts';
import { isDenial } from './kubernetes/failure.ts';
import { KINDS } from './kubernetes/kinds.ts';
import { type Failed, KubernetesProblems } from './kubernetes/problems.ts';
import { Publisher } from './kubernetes/publisher.ts';
import { Reflector } from './kubernetes/reflector.ts';
import { TIMING, type Timing } from './kubernetes/timing.ts';
import type { Source } from './source.ts';

export interface KubernetesOptions {
  /** Finds the cluster; asked once. */
  readonly access: () => Promise<Access>;
  /** Null: all. */
  readonly namespaces: readonly string[] | null;
  /** Reads what there is now and watches nothing; gives up, with an error, where it would otherwise try again. */
  readonly once?: boolean;
  /** Takes each new problem that `start` is waiting for: nobody asks for `problems` before there is a snapshot. */
  readonly onWaiting?: (problem: Problem) => void;
  readonly timing?: Partial<Timing>;
}

/**
 * Objects from a Kubernetes API server, kept up to date by watching. A kind that cannot be read, for want of permission
 * or because it is not installed, counts as empty, with a problem; where none can be read, nothing is published. What was
 * read stays in force while the server cannot be reached. Events are published together with those that follow closely; those of Pods at once, because nobody may be
 * sent to one that is gone.
 */
export class KubernetesSource implements Source {
  readonly kind = 'kubernetes';
  readonly #options: KubernetesOptions;
  readonly #timing: Timing;
  readonly #store = new SnapshotStore();
  readonly #publisher: Publisher;
  readonly #stopping = new AbortController();
  #reflectors: readonly Reflector[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #told = new KubernetesProblems('', false);
  #problems: readonly Problem[] = [];
  #synced = false;
  #lastEventAt: number | null = null;
  #onChange: (snapshot: Snapshot) => void = () => undefined;
  #started: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  constructor(options: KubernetesOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#publisher = new Publisher(() => this.#publish(), this.#timing.quietMs, this.#timing.mostMs);
  }

  get synced(): boolean {
    return this.#synced;
  }

  get lastEventAt(): number | null {
    return this.#lastEventAt;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** @throws AccessError when there is no cluster; with `once`, an Error that says why it cannot be read */
  async start(onChange: (snapshot: Snapshot) => void): Promise<void> {
    this.#onChange = onChange;
    const client = new ApiClient(await this.#options.access());
    this.#told = new KubernetesProblems(client.server, this.#options.once ?? false);
    const namespaces = this.#options.namespaces === null ? [null] : [...new Set(this.#options.namespaces)];
    this.#reflectors = KINDS.flatMap((kind) => namespaces.map((namespace) => this.#reflector(client, kind, namespace)));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#started = { resolve, reject };
    if (this.#stopping.signal.aborted) reject(new Error('the source was stopped before it was read'));
    this.#running = Promise.all(this.#reflectors.map((reflector) => reflector.run()));
    await promise;
  }

  async stop(): Promise<void> {
    this.#onChange = () => undefined;
    this.#publisher.stop();
    this.#stopping.abort();
    this.#started?.reject(new Error('the source was stopped before it was read'));
    await this.#running;
    this.#publisher.stop();
  }

  #reflector(client: ApiClient, kind: (typeof KINDS)[number], namespace: string | null): Reflector {
    return new Reflector({
      client,
      kind,
      namespace,
      timing: this.#timing,
      once: this.#options.once ?? false,
      signal: this.#stopping.signal,
      mayRead: () => this.#reflectors.some(({ listed }) => listed),
      apply: (type, object) => {
        // What changes nothing does not keep anything waiting either.
        if (!this.#store.apply(type, object) || !this.#synced) return;
        if (kind.kind === 'Pod') this.#publisher.now();
        else this.#publisher.soon();
      },
      onHeard: () => {
        this.#lastEventAt = Date.now();
      },
      onState: () => this.#stateChanged(),
    });
  }

  #stateChanged(): void {
    if (this.#stopping.signal.aborted) return;
    const synced = this.#reflectors.every(({ settled }) => settled);
    const before = this.#problems;
    this.#problems = this.#told.of(this.#failed(), synced);
    if (this.#synced) {
      // The kinds fail, and come back, one after the other; what is told of them is most often the same.
      if (!isDeepStrictEqual(this.#problems, before)) this.#publisher.soon();
    } else if (synced) {
      this.#synced = true;
      this.#publish();
      this.#started?.resolve();
    } else this.#waiting(before);
  }

  #waiting(before: readonly Problem[]): void {
    const known = new Set(before.map(({ message }) => message));
    for (const problem of this.#problems) {
      if (!known.has(problem.message)) this.#options.onWaiting?.(problem);
    }
    // What only lacks a permission or an installation counts as read, and is no reason to give up, unless all does.
    const failed = this.#failed();
    const hopeless = failed.length === this.#reflectors.length || failed.some(({ failure }) => !isDenial(failure));
    const [problem] = this.#problems;
    if (this.#options.once !== true || !hopeless || problem === undefined) return;
    this.#started?.reject(new Error(`${problem.place}: ${problem.message} (${problem.remedy})`));
  }

  #failed(): readonly Failed[] {
    return this.#reflectors.flatMap(({ kind, namespace, listed, failure }) =>
      failure === null ? [] : [{ kind, namespace, listed, failure }],
    );
  }

  #publish(): void {
    this.#onChange(this.#store.snapshot());
  }
}
