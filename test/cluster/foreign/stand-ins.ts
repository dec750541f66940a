import type { Manifest } from '../lib/api.ts';
import { isHeadgate, tagOf } from '../lib/container-command.ts';
import type { Container } from '../lib/objects.ts';
import { Skipped } from '../lib/skipped.ts';

/** Holds the application, `app.mjs`, in each scenario's namespace. */
export const APP_CONFIG_MAP = 'headgate-test-app';
/** The variable in which a stand-in has what was the image's tag: the version. */
export const VERSION = 'APP_VERSION';

const MOUNT = '/headgate-test';
const READY_AFTER = 'headgate.test/ready-after';

export interface StandInOptions {
  /** With a `node` in its path. */
  readonly image: string;
  /** Null: there is none, and what has a container of Headgate is skipped. */
  readonly headgateImage: string | null;
}

/**
 * Lets the application run instead of the images that scenarios name, which nobody has: whatever has a Pod template gets
 * one with the same labels, container names and ports whose containers run it on `image`.
 */
export function withStandIns(manifest: Manifest, options: StandInOptions): Manifest {
  const changed = Object.entries(manifest).map(([key, value]) => [
    key,
    key === 'spec' && isPodSpec(value) ? podSpec(value, manifest['metadata'], options) : inside(value, options),
  ]);
  return Object.fromEntries(changed);
}

function inside(value: unknown, options: StandInOptions): unknown {
  if (Array.isArray(value)) return value.map((item) => inside(item, options));
  return isRecord(value) ? withStandIns(value, options) : value;
}

interface PodSpec extends Manifest {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly unknown[];
}

function podSpec(spec: PodSpec, metadata: unknown, options: StandInOptions): Manifest {
  const { containers, initContainers, volumes = [], restartPolicy, terminationGracePeriodSeconds } = spec;
  const all = [...containers, ...(initContainers ?? [])];
  const { annotations } = isRecord(metadata) ? metadata : {};
  const after = isRecord(annotations) ? annotations[READY_AFTER] : undefined;
  const readyAfter = typeof after === 'string' ? after : '200';
  const change = (container: Container) =>
    isHeadgate(container)
      ? { ...container, image: headgateImage(options) }
      : standIn(container, readyAfter, options.image);
  if (all.every(isHeadgate)) {
    return { ...spec, containers: containers.map(change), initContainers: initContainers?.map(change) };
  }
  // Of what else an application's Pod asks for (volumes, accounts, nodes), nothing need be there; Headgate's own is.
  const hasHeadgate = all.some(isHeadgate);
  return {
    ...(hasHeadgate ? spec : { restartPolicy, terminationGracePeriodSeconds }),
    containers: containers.map(change),
    initContainers: initContainers?.filter(isHeadgate).map(change),
    volumes: [...(hasHeadgate ? volumes : []), { name: APP_CONFIG_MAP, configMap: { name: APP_CONFIG_MAP } }],
  };
}

function standIn({ name, image, ports = [] }: Container, readyAfter: string, node: string): Manifest {
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  const numbers = ports.map(({ containerPort }) => containerPort);
  const first = numbers[0] ?? 8080;
  return {
    name,
    image: node,
    command: ['node', `${MOUNT}/app.mjs`],
    ports,
    env: [
      { name: 'APP_PORTS', value: numbers.join(',') || '8080' },
      { name: 'APP_POD', ...field('metadata.name') },
      { name: 'APP_HASH', ...field("metadata.labels['rollouts-pod-template-hash']") },
      { name: VERSION, value: tagOf(image) },
      { name: 'APP_READY_AFTER_MS', value: readyAfter },
      // Longer than it takes until nobody sends any more, as a preStop hook would.
      { name: 'APP_SERVE_AFTER_TERM_MS', value: '1500' },
    ],
    readinessProbe: { httpGet: { path: '/headgate-test/ready', port: first }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '48Mi' } },
    // The restricted profile asks for it. A user may not listen below 1024 everywhere.
    ...(first >= 1024 && {
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    }),
    volumeMounts: [{ name: APP_CONFIG_MAP, mountPath: MOUNT }],
  };
}

function headgateImage({ headgateImage: image }: StandInOptions): string {
  if (image === null) throw new Skipped('it runs Headgate in the cluster: name its image in HEADGATE_IMAGE');
  return image;
}

function isPodSpec(value: unknown): value is PodSpec {
  return isRecord(value) && Array.isArray(value['containers']);
}

function isRecord(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
