import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import type { Source } from '../sources/source.ts';
import { type DemoPod, type DemoPodSpec, startPod } from './demo-pods.ts';

const ROLLOUT = 'talana-backend';
const EXPERIMENT = 'demo-microservice-experiment';
const REPLICAS = 4;
const FIRST_PATCH = 2;
const TERMINATION_MS = 1_000;
const WEIGHTS = [10, 25, 50, 75] as const;
const STEPS = WEIGHTS.flatMap((weight) => [{ setWeight: weight }, { pause: { duration: '2m' } }]);

/** What happens, in words, with the weight of the canary. */
export interface DemoEvent {
  readonly weight: number;
  readonly stable: string;
  readonly canary: string;
  readonly text: string;
  /** Why the canary was aborted, where it was. */
  readonly reason?: string;
}

/** Whoever watches over a canary, both by their hashes. */
export interface Canary {
  readonly rollout: string;
  readonly canary: string;
  readonly stable: string;
}

/**
 * Resolves with the reason for which the canary has to be aborted, and with nothing else.
 * @throws AbortError when `signal` says that there is nothing to watch any more
 */
export type Judge = (canary: Canary, signal: AbortSignal) => Promise<string>;

/** How long the Rollout rests at each weight, and before the next one begins. */
export interface DemoPauses {
  /** At the first weight of all, while the reader finds another terminal; if it is aborted there, also after that. */
  readonly firstMs: number;
  readonly eachMs: number;
}

/**
 * A cluster of one Rollout and one Experiment on this machine: real servers for pods, and objects whose status changes as
 * the controller of Argo Rollouts changes it. The Rollout walks its steps, is promoted, and begins again. With a judge every
 * second new version is faulty; one that the judge condemns is aborted, and the next one comes.
 */
export class SimulatedCluster implements Source {
  readonly kind = 'demo';
  readonly synced = true;
  lastEventAt: number | null = null;
  readonly problems: readonly Problem[] = [];
  readonly #store = new SnapshotStore();
  readonly #pods = new Map<string, DemoPod[]>();
  /** Deleted, and serving on for a moment. */
  readonly #terminating = new Set<DemoPod>();
  readonly #pauses: DemoPauses;
  readonly #onEvent: (event: DemoEvent) => void;
  readonly #judge: Judge | null;
  readonly #stopped = new AbortController();
  #onChange: (snapshot: Snapshot) => void = () => undefined;
  #walk: Promise<void> = Promise.resolve();
  #stable: DemoVersion;
  #canary: DemoVersion;
  #status: Record<string, unknown> = {};
  #podNumber = 0;

  constructor(pauses: DemoPauses, onEvent: (event: DemoEvent) => void, judge: Judge | null = null) {
    this.#pauses = pauses;
    this.#onEvent = onEvent;
    this.#judge = judge;
    this.#stable = this.#version(FIRST_PATCH);
    this.#canary = this.#version(FIRST_PATCH + 1);
  }

  /** There is a canary at the first weight already when it resolves. */
  async start(onChange: (snapshot: Snapshot) => void): Promise<void> {
    for (const service of ['talana-backend', 'talana-backend-stable', 'talana-backend-canary'])
      this.#apply(serviceObject(service));
    await this.#scale(this.#stable, REPLICAS);
    await this.#scale(this.#canary, podsFor(WEIGHTS[0]));
    this.#status = { stableRS: this.#stable.hash, currentPodHash: this.#canary.hash, currentStepIndex: 1 };
    this.#applyRollout();
    await this.startExperiment();
    this.#onChange = onChange;
    this.#publish();
    this.#walk = this.#walkForever().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#walk;
    for (const pod of [...this.#pods.values(), [...this.#terminating]].flat()) pod.close();
  }

  /** The Experiment runs, with one pod. */
  async startExperiment(): Promise<void> {
    this.#apply(experimentObject('Running'));
    await this.#scale(EXPERIMENT_VERSION, 1);
    this.#publish();
  }

  /** As `kubectl delete experiment` does: the object goes, then its pod. */
  async stopExperiment(): Promise<void> {
    this.#store.apply('DELETED', experimentObject('Running'));
    await this.#scale(EXPERIMENT_VERSION, 0);
    this.#publish();
  }

  async #walkForever(): Promise<void> {
    let pauseMs = this.#pauses.firstMs;
    while (!this.#stopped.signal.aborted) {
      const reason = await this.#rollOut(pauseMs);
      if (reason === null) {
        await this.#promote();
        await this.#pause(this.#pauses.eachMs);
      } else {
        this.#abort(reason);
        await this.#pause(pauseMs);
        await this.#scale(this.#canary, 0);
      }
      pauseMs = this.#pauses.eachMs;
      this.#canary = this.#version(this.#canary.patch + 1);
      this.#move({ currentPodHash: this.#canary.hash, currentStepIndex: 0, abort: false });
    }
  }

  /** Walks all steps, or up to the moment at which the judge condemns the canary: then it resolves with the reason. */
  async #rollOut(firstPauseMs: number): Promise<string | null> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, over.signal]);
    const pair = { rollout: ROLLOUT, canary: this.#canary.hash, stable: this.#stable.hash };
    const condemned = this.#judge?.(pair, signal) ?? new Promise<string>(() => undefined);
    const rest = (ms: number) => Promise.race([sleep(ms, null, { signal }), condemned]);
    try {
      for (const [i, weight] of WEIGHTS.entries()) {
        await this.#scale(this.#canary, podsFor(weight));
        this.#move({ currentStepIndex: 2 * i + 1 });
        this.#tell(weight, `setWeight: ${weight}${this.#canary.faulty ? ', a faulty canary' : ''}`);
        const reason = await rest(i === 0 ? firstPauseMs : this.#pauses.eachMs);
        if (reason !== null) return reason;
        this.#move({ currentStepIndex: 2 * i + 2 });
      }
      await this.#scale(this.#canary, REPLICAS);
      this.#publish();
      this.#tell(100, 'all steps done: 100% to the canary');
      return await rest(this.#pauses.eachMs);
    } finally {
      over.abort();
    }
  }

  async #promote(): Promise<void> {
    const before = this.#stable;
    this.#stable = this.#canary;
    this.#move({ stableRS: this.#stable.hash });
    await this.#scale(before, 0);
    this.#tell(0, `promoted: ${this.#stable.app} is stable`);
  }

  /** The canary's pods stay for a while, as `abortScaleDownDelaySeconds` has it. */
  #abort(reason: string): void {
    this.#move({ abort: true, currentStepIndex: 0 });
    this.#tell(0, `aborted: ${this.#canary.app}`, reason);
  }

  #version(patch: number): DemoVersion {
    const app = `${ROLLOUT} v1.0.${patch}`;
    const hash = createHash('sha256').update(app).digest('hex').slice(0, 10);
    const faulty = this.#judge !== null && (patch - FIRST_PATCH) % 2 === 1;
    return { patch, app, hash, owner: `${ROLLOUT}-${hash}`, faulty };
  }

  /** Starts or ends pods of a version until there are `count`. */
  async #scale(version: AppVersion, count: number): Promise<void> {
    const pods = this.#pods.get(version.hash) ?? [];
    this.#pods.set(version.hash, pods);
    while (pods.length < count) {
      this.#podNumber += 1;
      const pod = await startPod({ ...version, name: `${version.owner}-${this.#podNumber}` });
      pods.push(pod);
      this.#apply(pod.object);
    }
    while (pods.length > count) {
      const pod = pods.pop();
      if (pod === undefined) break;
      this.#store.apply('DELETED', pod.object);
      this.#terminate(pod);
    }
    this.#publish();
  }

  /** A terminating pod serves on for a moment, until everybody knows. */
  #terminate(pod: DemoPod): void {
    this.#terminating.add(pod);
    setTimeout(() => {
      this.#terminating.delete(pod);
      pod.close();
    }, TERMINATION_MS).unref();
  }

  #move(status: Record<string, unknown>): void {
    this.#status = { ...this.#status, ...status };
    this.#applyRollout();
    this.#publish();
  }

  #applyRollout(): void {
    this.#apply({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: ROLLOUT, namespace: 'default', uid: ROLLOUT, generation: 1 },
      spec: {
        replicas: REPLICAS,
        strategy: {
          canary: {
            canaryService: 'talana-backend-canary',
            stableService: 'talana-backend-stable',
            steps: STEPS,
            // What the API server leaves of `trafficRouting.kong`, which is not in the CRD.
            trafficRouting: {},
          },
        },
      },
      status: { ...this.#status, observedGeneration: '1' },
    });
  }

  #apply(object: Record<string, unknown>): void {
    this.#store.apply('MODIFIED', object);
  }

  #publish(): void {
    this.lastEventAt = Date.now();
    this.#onChange(this.#store.snapshot());
  }

  #tell(weight: number, text: string, reason?: string): void {
    const event = { weight, stable: this.#stable.app, canary: this.#canary.app, text };
    this.#onEvent(reason === undefined ? event : { ...event, reason });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopped.signal });
  }
}

function podsFor(weight: number): number {
  return Math.ceil((weight * REPLICAS) / 100);
}

type AppVersion = Omit<DemoPodSpec, 'name'>;

interface DemoVersion extends AppVersion {
  /** Of `v1.0.PATCH`. */
  readonly patch: number;
}

const EXPERIMENT_VERSION: AppVersion = {
  app: 'demo-microservice experiment-candidate-v1.1.0',
  hash: '7d9c8b6f5d',
  owner: `${EXPERIMENT}-experimental`,
  faulty: false,
};

function serviceObject(name: string): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: ROLLOUT }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

function experimentObject(phase: string): Record<string, unknown> {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: EXPERIMENT, namespace: 'default', uid: '0b7ad5a1-6c1f-4c88-a0a9-1f6a3f7a9d10' },
    spec: { duration: '24h', templates: [{ name: 'experimental', replicas: 1 }] },
    status: {
      phase,
      templateStatuses: [{ name: 'experimental', status: phase, replicas: 1, readyReplicas: 1, availableReplicas: 1 }],
    },
  };
}
