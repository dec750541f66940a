import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import type { Source } from '../sources/source.ts';
import { type DemoPod, startPod } from './demo-pods.ts';

const ROLLOUT = 'talana-backend';
const EXPERIMENT = 'demo-microservice-experiment';
const REPLICAS = 4;
const TERMINATION_MS = 1_000;
const WEIGHTS = [10, 25, 50, 75] as const;
const STEPS = WEIGHTS.flatMap((weight) => [{ setWeight: weight }, { pause: { duration: '2m' } }]);

/** What happens, in words, with the weight of the canary. */
export interface DemoEvent {
  readonly weight: number;
  readonly stable: string;
  readonly canary: string;
  readonly text: string;
}

/** How long the Rollout rests at each weight, and before the next one begins. */
export interface DemoPauses {
  /** At the first weight of all, while the reader finds another terminal. */
  readonly firstMs: number;
  readonly eachMs: number;
}

/**
 * A cluster of one Rollout and one Experiment on this machine: real servers for pods, and objects whose status changes as
 * the controller of Argo Rollouts changes it. The Rollout walks its steps, is promoted, and begins again.
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
  readonly #stopped = new AbortController();
  #onChange: (snapshot: Snapshot) => void = () => undefined;
  #walk: Promise<void> = Promise.resolve();
  #patch = 2;
  #status: Record<string, unknown> = {};
  #podNumber = 0;

  constructor(pauses: DemoPauses, onEvent: (event: DemoEvent) => void) {
    this.#pauses = pauses;
    this.#onEvent = onEvent;
  }

  /** There is a canary at the first weight already when it resolves. */
  async start(onChange: (snapshot: Snapshot) => void): Promise<void> {
    for (const service of ['talana-backend', 'talana-backend-stable', 'talana-backend-canary'])
      this.#apply(serviceObject(service));
    const [stable, canary] = [this.#version(this.#patch), this.#version(this.#patch + 1)];
    await this.#scale(stable, REPLICAS);
    await this.#scale(canary, podsFor(WEIGHTS[0]));
    this.#status = { stableRS: stable.hash, currentPodHash: canary.hash, currentStepIndex: 1 };
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
    await this.#scale(
      {
        app: 'demo-microservice experiment-candidate-v1.1.0',
        hash: EXPERIMENT_HASH,
        owner: `${EXPERIMENT}-experimental`,
      },
      1,
    );
    this.#publish();
  }

  /** As `kubectl delete experiment` does: the object goes, then its pod. */
  async stopExperiment(): Promise<void> {
    this.#store.apply('DELETED', experimentObject('Running'));
    await this.#scale({ app: '', hash: EXPERIMENT_HASH, owner: `${EXPERIMENT}-experimental` }, 0);
    this.#publish();
  }

  async #walkForever(): Promise<void> {
    let pauseMs = this.#pauses.firstMs;
    while (!this.#stopped.signal.aborted) {
      const canary = this.#version(this.#patch + 1);
      await this.#rollOut(this.#version(this.#patch), canary, pauseMs);
      pauseMs = this.#pauses.eachMs;
      await this.#pause(pauseMs);
      this.#patch += 1;
      this.#move({ currentPodHash: this.#version(this.#patch + 1).hash, currentStepIndex: 0 });
    }
  }

  async #rollOut(stable: DemoVersion, canary: DemoVersion, firstPauseMs: number): Promise<void> {
    for (const [i, weight] of WEIGHTS.entries()) {
      await this.#scale(canary, podsFor(weight));
      this.#move({ currentStepIndex: 2 * i + 1 });
      this.#tell(weight, stable, canary, `setWeight: ${weight}`);
      await this.#pause(i === 0 ? firstPauseMs : this.#pauses.eachMs);
      this.#move({ currentStepIndex: 2 * i + 2 });
    }
    await this.#scale(canary, REPLICAS);
    this.#publish();
    this.#tell(100, stable, canary, 'all steps done: 100% to the canary');
    await this.#pause(this.#pauses.eachMs);
    this.#move({ stableRS: canary.hash });
    await this.#scale(stable, 0);
    this.#tell(0, canary, canary, `promoted: ${canary.app} is stable`);
  }

  #version(patch: number): DemoVersion {
    const app = `${ROLLOUT} v1.0.${patch}`;
    const hash = createHash('sha256').update(app).digest('hex').slice(0, 10);
    return { app, hash, owner: `${ROLLOUT}-${hash}` };
  }

  /** Starts or ends pods of a version until there are `count`. */
  async #scale(version: DemoVersion, count: number): Promise<void> {
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

  #tell(weight: number, stable: DemoVersion, canary: DemoVersion, text: string): void {
    this.#onEvent({ weight, stable: stable.app, canary: canary.app, text });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopped.signal });
  }
}

function podsFor(weight: number): number {
  return Math.ceil((weight * REPLICAS) / 100);
}

interface DemoVersion {
  /** Name and version, as the pods say them. */
  readonly app: string;
  readonly hash: string;
  /** ReplicaSet. */
  readonly owner: string;
}

const EXPERIMENT_HASH = '7d9c8b6f5d';

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
