import type { Problem } from '../../src/model/problem.ts';
import { type Snapshot, SnapshotStore } from '../../src/model/snapshot.ts';
import type { Source } from '../../src/sources/source.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a test says of the Rollout `web` in namespace `shop`, whose weights are those of a traffic router. */
export interface WebRollout {
  readonly stable: string;
  /** The same as `stable`: nothing is rolled out. */
  readonly canary: string;
  /** `setWeight` of the step that the Rollout is at. */
  readonly weight?: number;
  readonly abort?: boolean;
}

/** The Rollout `web` paused in its one step. */
export function rollout({ stable, canary, weight = 0, abort = false }: WebRollout): object {
  const steps = [{ setWeight: weight }, { pause: {} }];
  const strategy = { canary: { stableService: 'web-stable', canaryService: 'web-canary', steps, trafficRouting: {} } };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'shop', uid: 'web', generation: 1 },
    spec: { replicas: 1, strategy },
    status: {
      observedGeneration: '1',
      stableRS: stable,
      currentPodHash: canary,
      currentStepIndex: stable === canary ? steps.length : 1,
      abort,
    },
  };
}

/** The Services of `web`: port 80, and the Pods' port named `http` behind it. */
export function services(): object[] {
  return ['web', 'web-stable', 'web-canary'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  }));
}

/** A ready Pod on 127.0.0.1 whose port named `http` is a real server's. */
export function pod(hash: string, port: number, owner = `web-${hash}`): object {
  const labels = { app: 'web', 'rollouts-pod-template-hash': hash };
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${owner}-${port}`, namespace: 'shop', labels, ownerReferences },
    spec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: port }] }] },
    status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** The Experiment `trial` of one template, `new`, whose Pods belong to the ReplicaSet `trial-new`. */
export function experiment(phase = 'Running', metadata: Fields = {}): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'trial', namespace: 'shop', uid: '0b7ad5a1-6c1f', ...metadata },
    spec: { templates: [{ name: 'new' }] },
    status: { phase, templateStatuses: [{ name: 'new', status: phase }] },
  };
}

/** Objects that a test changes as a cluster would. */
export class TestSource implements Source {
  readonly kind = 'files';
  synced = false;
  lastEventAt: number | null = null;
  problems: readonly Problem[] = [];
  /** Awaited by `start`: a cluster that answers late, or not at all. */
  reachable: () => Promise<void> = () => Promise.resolve();
  readonly #store = new SnapshotStore();
  #onChange: (snapshot: Snapshot) => void = () => undefined;

  constructor(objects: readonly object[] = []) {
    for (const object of objects) this.#store.apply('ADDED', object);
  }

  async start(onChange: (snapshot: Snapshot) => void): Promise<void> {
    await this.reachable();
    this.#onChange = onChange;
    this.synced = true;
    this.publish();
  }

  async stop(): Promise<void> {
    this.#onChange = () => undefined;
  }

  /** Several objects change at once. */
  apply(...objects: readonly object[]): void {
    for (const object of objects) this.#store.apply('MODIFIED', object);
    this.publish();
  }

  remove(...objects: readonly object[]): void {
    for (const object of objects) this.#store.apply('DELETED', object);
    this.publish();
  }

  publish(snapshot = this.#store.snapshot()): void {
    this.lastEventAt = Date.now();
    this.#onChange(snapshot);
  }
}
