import type { RouteConfig } from '../../src/config/config.ts';
import { type Snapshot, SnapshotStore } from '../../src/model/snapshot.ts';

/* Objects as the API serves them, in as few words as a test needs. */

type Fields = Readonly<Record<string, unknown>>;

/** A route of the configuration, with nothing but what is given. */
export function routeConfig(fields: Partial<RouteConfig> = {}): RouteConfig {
  return {
    name: 'web',
    place: 'headgate.yaml:1 routes[0]',
    hosts: null,
    path: '/',
    rollout: null,
    port: null,
    headers: [],
    experiments: null,
    tls: null,
    healthCheck: null,
    slowStart: 0,
    versions: null,
    ...fields,
  };
}

/** A snapshot of these objects. */
export function snapshotOf(objects: readonly object[]): Snapshot {
  const store = new SnapshotStore();
  for (const object of objects) store.apply('ADDED', object);
  return store.snapshot();
}

/** A Rollout `web` in namespace `shop`; `canary` and `blueGreen` are its strategy, `status` its status. */
export function rollout(parts: {
  name?: string;
  namespace?: string;
  canary?: Fields;
  blueGreen?: Fields;
  spec?: Fields;
  status?: Fields;
  metadata?: Fields;
}): object {
  const { name = 'web', namespace = 'shop', canary = {}, blueGreen, spec = {}, status = {}, metadata = {} } = parts;
  const strategy = blueGreen === undefined ? { canary } : { blueGreen };
  const template = { metadata: { labels: { app: name } }, spec: { containers: [container()] } };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace, uid: `${namespace}-${name}`, generation: 1, ...metadata },
    spec: { replicas: 4, template, strategy, ...spec },
    status: { observedGeneration: '1', ...status },
  };
}

/** A container that declares port 8080, named http. */
export function container(ports: readonly object[] = [{ name: 'http', containerPort: 8080, protocol: 'TCP' }]): object {
  return { name: 'app', image: 'app:1', ports };
}

/** A Pod of the ReplicaSet `<owner>-<hash>`, ready unless told otherwise. `n` makes its name and address. */
export function pod(parts: {
  n: number;
  hash: string;
  owner?: string;
  replicaSet?: string;
  namespace?: string;
  ready?: boolean;
  phase?: string;
  /** '': it has none yet. */
  ip?: string;
  containers?: readonly object[];
  labels?: Fields;
  metadata?: Fields;
}): object {
  const { n, hash, owner = 'web', namespace = 'shop', ready = true, phase = 'Running', metadata = {} } = parts;
  const replicaSet = parts.replicaSet ?? `${owner}-${hash}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${replicaSet}-${n}`,
      namespace,
      labels: { app: owner, 'rollouts-pod-template-hash': hash, ...parts.labels },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: replicaSet, uid: 'rs', controller: true }],
      ...metadata,
    },
    spec: { containers: parts.containers ?? [container()] },
    status: {
      phase,
      podIP: parts.ip ?? `10.0.${Math.floor(n / 250)}.${(n % 250) + 1}`,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastProbeTime: null }],
    },
  };
}

/** `count` ready Pods of a hash, with addresses from `from` on. */
export function pods(hash: string, count: number, from: number, more: Fields = {}): readonly object[] {
  return Array.from({ length: count }, (_, i) => pod({ n: from + i, hash, ...more }));
}

export function service(
  name: string,
  parts: { ports?: readonly object[]; selector?: Fields; namespace?: string } = {},
) {
  const {
    ports = [{ name: 'http', port: 80, targetPort: 8080 }],
    selector = { app: 'web' },
    namespace = 'shop',
  } = parts;
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector, ports } };
}

/** An Experiment with one template, `test`, that runs. */
export function experiment(
  name: string,
  parts: {
    phase?: string;
    templates?: readonly string[];
    metadata?: Fields;
    statuses?: readonly object[];
    namespace?: string;
  } = {},
): object {
  const { phase = 'Running', templates = ['test'], metadata = {}, namespace = 'shop' } = parts;
  const statuses =
    parts.statuses ?? templates.map((template) => ({ name: template, podTemplateHash: `h-${template}` }));
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name, namespace, uid: `uid-${name}`, ...metadata },
    spec: { templates: templates.map((template) => ({ name: template })) },
    status: { phase, templateStatuses: statuses },
  };
}

/** A step that sets a header route. */
export function headerStep(name: string, header: string, headerValue: Fields): object {
  return { setHeaderRoute: { name, match: [{ headerName: header, headerValue }] } };
}
