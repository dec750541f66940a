/** Objects as the controller of Argo Rollouts leaves them in the middle of a canary. */

const API = 'argoproj.io/v1alpha1';
export const STABLE = '6d4f8b7c9d';
export const CANARY = '7c9d6d4f8b';

export interface Shape {
  readonly rollouts: number;
  readonly podsOfEach: number;
  readonly namespaces: number;
  /** What the Pods listen on; 8080 where it is left out. */
  readonly port?: number;
}

/** A request that makes an object, and the one that then gives it its status. */
export interface Creation {
  readonly path: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export function namespaceOf(rollout: number, { namespaces }: Shape): string {
  return `scale-${rollout % namespaces}`;
}

export function rolloutName(rollout: number): string {
  return `app-${rollout}`;
}

/** The name of the n-th Pod of a Rollout: one in five is of the canary. */
export function podName(rollout: number, n: number): string {
  return `${rolloutName(rollout)}-${hashOf(n)}-${n}`;
}

function hashOf(n: number): string {
  return n % 5 === 0 ? CANARY : STABLE;
}

export function rolloutWithService(rollout: number, shape: Shape): readonly Creation[] {
  const [name, namespace] = [rolloutName(rollout), namespaceOf(rollout, shape)];
  const metadata = { name, namespace, labels: { app: name } };
  const status = { stableRS: STABLE, currentPodHash: CANARY, currentStepIndex: 1, observedGeneration: '1' };
  return [
    {
      path: `/api/v1/namespaces/${namespace}/services`,
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: shape.port ?? 8080 }] },
      },
    },
    {
      path: `/apis/${API}/namespaces/${namespace}/rollouts`,
      object: {
        apiVersion: API,
        kind: 'Rollout',
        metadata,
        spec: {
          replicas: shape.podsOfEach,
          selector: { matchLabels: { app: name } },
          template: { metadata: { labels: { app: name } }, spec: podSpec() },
          strategy: {
            canary: {
              stableService: name,
              trafficRouting: {},
              steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: { duration: '10m' } }],
            },
          },
        },
      },
      status,
    },
  ];
}

/** @param watched false: without the label by which Headgate knows Pods of Rollouts */
export function pod(rollout: number, n: number, shape: Shape, ip: string, watched = true): Creation {
  const [owner, namespace] = [rolloutName(rollout), namespaceOf(rollout, shape)];
  const hash = hashOf(n);
  return {
    path: `/api/v1/namespaces/${namespace}/pods`,
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: watched ? podName(rollout, n) : unwatchedName(n),
        namespace,
        labels: { app: owner, ...(watched ? { 'rollouts-pod-template-hash': hash } : {}) },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            name: `${owner}-${hash}`,
            uid: crypto.randomUUID(),
            controller: true,
          },
        ],
      },
      spec: podSpec(),
    },
    status: readiness(true, ip),
  };
}

export function unwatchedName(n: number): string {
  return `unwatched-${n}`;
}

/** A Pod's status, with as much beside the condition as a kubelet writes. */
export function readiness(ready: boolean, ip: string): Readonly<Record<string, unknown>> {
  const status = ready ? 'True' : 'False';
  const at = new Date().toISOString().replace(/\.\d+/, '');
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    startTime: at,
    conditions: ['Initialized', 'PodScheduled', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      lastTransitionTime: at,
      status: type.endsWith('Ready') || type === 'Ready' ? status : 'True',
    })),
    containerStatuses: [
      {
        name: 'app',
        image: 'app:1',
        imageID: 'sha256:0',
        ready,
        restartCount: 0,
        state: { running: { startedAt: at } },
      },
    ],
  };
}

function podSpec() {
  return {
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'app',
        image: 'app:1',
        ports: [{ name: 'http', containerPort: 8080 }],
        env: ['DATABASE', 'CACHE', 'QUEUE', 'REGION'].map((name) => ({
          name,
          value: `${name.toLowerCase()}.example.com`,
        })),
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' } },
      },
    ],
  };
}
