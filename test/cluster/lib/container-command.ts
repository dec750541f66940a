import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fieldRef } from './field-ref.ts';
import type { Images } from './images.ts';
import { NETWORK, resolvConf } from './namespace.ts';
import type { Container, Pod } from './objects.ts';
import type { PodNetwork } from './pod-network.ts';

/** How a container's process is started. */
export interface ContainerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface PodPlace {
  readonly pod: Pod;
  readonly network: PodNetwork;
  /** With a folder for each volume in `volumes/`. */
  readonly folder: string;
}

export function isHeadgate(container: Container): boolean {
  return /(^|\/)headgate(:|@|$)/.test(container.image);
}

/** What an image starts where the manifest says no command. */
const ENTRYPOINTS = { headgate: ['node', 'bin/headgate'], node: ['node'], prometheus: ['prometheus'] } as const;

/** Null: the image stands for the test's application. */
function entrypoint({ image }: Container): readonly string[] | null {
  const [, , name = ''] = /(^|\/)(headgate|node|prometheus)(:|@|$)/.exec(image) ?? [];
  return name === 'headgate' || name === 'node' || name === 'prometheus' ? ENTRYPOINTS[name] : null;
}

/** Its command, probes and volumes are those that the manifest says. Any other image stands for the test's application. */
export function runsAsWritten(container: Container): boolean {
  return entrypoint(container) !== null;
}

/** The tag of an image; `latest` where it names none. */
export function tagOf(image: string): string {
  return /:([\w.-]+)(@|$)/.exec(image.slice(image.lastIndexOf('/') + 1))?.[1] ?? 'latest';
}

/**
 * Headgate runs its compiled self, an image `node` what its manifest says, and an image `prometheus` the machine's own, each in
 * a file system of its own with the Pod's volumes where the manifest mounts them. Whatever another image is called, its container runs the test's application on
 * every port that it names.
 */
export function containerCommand(images: Images, place: PodPlace, container: Container): ContainerCommand {
  const env = environment(place, container);
  if (runsAsWritten(container)) return asWritten(images, place, container, env);
  const { pod, network } = place;
  const [file, ...args] = [...network.enter, process.execPath, images.app];
  return {
    file,
    args,
    env: {
      ...env,
      APP_PORTS: (container.ports ?? []).map(({ containerPort }) => containerPort).join(',') || '8080',
      APP_POD: pod.metadata.name,
      APP_HASH: pod.metadata.labels?.['rollouts-pod-template-hash'] ?? '',
      APP_VERSION: tagOf(container.image),
    },
  };
}

function environment({ pod, network }: PodPlace, container: Container): Readonly<Record<string, string>> {
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOSTNAME: pod.metadata.name,
    KUBERNETES_SERVICE_HOST: NETWORK.api,
    KUBERNETES_SERVICE_PORT: '6443',
  };
  for (const { name, value, valueFrom } of container.env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath;
    if (path !== undefined) env[name] = fieldRef(pod, network.ip, path);
    else if (value !== undefined) env[name] = expand(value, env);
  }
  return env;
}

function asWritten(
  images: Images,
  { pod, network, folder }: PodPlace,
  container: Container,
  env: Readonly<Record<string, string>>,
): ContainerCommand {
  const root = join(folder, 'root');
  const start = container.command ?? entrypoint(container) ?? [];
  const run = [...start, ...(container.args ?? [])].map((word) => expand(word, env));
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath }) => ({
    from: join(folder, 'volumes', name, subPath ?? ''),
    to: mountPath,
  }));
  const script = join(folder, `${container.name}.sh`);
  const resolver = join(folder, 'resolv.conf');
  mkdirSync(folder, { recursive: true });
  writeFileSync(resolver, resolvConf(pod.metadata.namespace ?? 'default'));
  writeFileSync(script, rootScript(images, root, [...mounts, { from: resolver, to: '/etc/resolv.conf' }]));
  const [file, ...args] = [...network.enter, 'unshare', '--mount', '--', 'sh', script, ...run];
  return { file, args, env: { ...env, PATH: `${NODE}:${env['PATH'] ?? ''}` } };
}

/** Where a container finds the Node.js that runs the test. */
const NODE = '/headgate-test-node';

/**
 * A root of the machine's own folders, each bound into an empty file system, so that the Pod's mount points can be made
 * where the machine has none; then the container's command in it.
 */
function rootScript(images: Images, root: string, mounts: readonly { from: string; to: string }[]): string {
  const lines = [
    'set -e',
    `mkdir -p ${root}`,
    `mount -t tmpfs tmpfs ${root}`,
    `mkdir ${root}/app ${root}/var ${root}/run ${root}/etc`,
  ];
  for (const entry of readdirSync('/', { withFileTypes: true })) {
    if (['app', 'var', 'run', 'etc', 'tmp', 'lost+found'].includes(entry.name)) continue;
    if (entry.isSymbolicLink()) lines.push(`cp -P /${entry.name} ${root}/`);
    else if (entry.isDirectory())
      lines.push(`mkdir ${root}/${entry.name}`, `mount --rbind /${entry.name} ${root}/${entry.name}`);
  }
  // Wherever it lies on the machine, be it in a folder that a container has of its own.
  lines.push(
    `mkdir ${root}${NODE}`,
    `touch ${root}${NODE}/node`,
    `mount --bind ${process.execPath} ${root}${NODE}/node`,
  );
  lines.push(`ln -s ../run ${root}/var/run`, `mkdir -m 1777 ${root}/tmp`, `cp /etc/passwd /etc/hosts ${root}/etc/`);
  // How the C library looks names up, where the machine says it.
  lines.push(`if [ -f /etc/nsswitch.conf ]; then cp /etc/nsswitch.conf ${root}/etc/; fi`);
  for (const [name, from] of Object.entries(images.headgate)) {
    const make = name === 'package.json' ? 'touch' : 'mkdir';
    lines.push(`${make} ${root}/app/${name}`, `mount --bind ${from} ${root}/app/${name}`);
  }
  for (const { from, to } of mounts) {
    // A volume, or the one file of it that subPath names.
    lines.push(
      `if [ -d ${from} ]; then mkdir -p ${root}${to}; else mkdir -p ${root}${dirname(to)}; touch ${root}${to}; fi`,
    );
    lines.push(`mount --bind ${from} ${root}${to}`);
  }
  lines.push(`cd ${root}`, `exec chroot ${root} sh -c 'cd /app && exec "$@"' sh "$@"`);
  return `${lines.join('\n')}\n`;
}

/** `$(NAME)` as Kubernetes expands it. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\(([A-Za-z_][\w.-]*)\)/g, (reference, name: string) => env[name] ?? reference);
}
