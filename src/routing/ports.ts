import type { ContainerPort } from '../model/fields.ts';
import { compareText } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Problem } from '../model/problem.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service, ServicePort } from '../model/service.ts';
import { serviceNames } from './rollout-services.ts';
import { commonPorts } from './sample-pods.ts';

/** A container port: its number, or its name, which each Pod may give another number. Null: none could be chosen. */
export type TargetPort = number | string | null;

/**
 * Which container port of a Rollout's Pods takes the requests: the targetPort of the Service port `wanted` (name or
 * number) or, when that is null, of the only one. Of several, the one that all its Services have; else, with a problem,
 * the one named `http`, or 80: a port more in a Service must not stop the requests. Without any Service: the container
 * port `wanted`, or the only one, with a problem where the Rollout names Services, which are not there. A choice that is
 * still not clear is a problem, and nothing is guessed.
 *
 * @param pods see `samplePods`, for the ports of a template that lies elsewhere
 */
export function choosePort(
  rollout: Rollout,
  wanted: string | number | null,
  services: readonly Service[],
  pods: readonly Pod[],
): { readonly target: TargetPort; readonly problems: readonly Problem[] } {
  const ports = services.flatMap((service) => service.ports);
  const place = `Rollout ${rollout.namespace}/${rollout.name}`;
  const refuse = (message: string, remedy: string) => ({ target: null, problems: [{ place, message, remedy }] });
  const names = services.map(({ name }) => name).join(', ');

  if (ports.length === 0) {
    if (wanted !== null) return { target: wanted, problems: [] };
    const declared = rollout.spec.templatePorts.length > 0 ? rollout.spec.templatePorts : commonPorts(pods);
    const [only, ...others] = distinct(declared.map(({ containerPort }) => containerPort));
    if (only !== undefined && others.length === 0) {
      // Whoever applies Rollout and Services together is not told, unless Pods were faster than the Services.
      const missing = services.length === 0 && pods.length > 0 ? serviceNames(rollout.spec) : [];
      return { target: only, problems: missing.length === 0 ? [] : [{ place, ...guessed(only, missing) }] };
    }
    if (only === undefined && rollout.spec.templateLabels === null && pods.length === 0) {
      return { target: null, problems: [] }; // a workloadRef without Pods: nothing to say about it yet
    }
    return refuse(
      only === undefined
        ? 'no Service of it is known, and its containers declare no TCP port'
        : `no Service of it is known, and its containers declare several ports: ${[only, ...others].join(', ')}`,
      'name its Services in spec.strategy, or set `port` of its route to a container port',
    );
  }

  const candidates = wanted === null ? ports : ports.filter(({ name, port }) => name === wanted || port === wanted);
  const [only, ...others] = distinct(candidates.map(({ targetPort }) => targetPort));
  if (only === undefined) {
    return refuse(
      `no port ${wanted} in its Services (${names})`,
      `set \`port\` of its route to one of ${listed(ports)}`,
    );
  }
  if (others.length === 0) return { target: only, problems: [] };
  const choices = listed(candidates);
  const preferred = wanted === null ? preferredPort(services) : null;
  if (preferred !== null) {
    const { target, why } = preferred;
    if (why === null) return { target, problems: [] };
    const message = `its Services (${names}) have several ports (${choices}): its requests go to ${why}`;
    return { target, problems: [{ place, message, remedy: 'write a route to it with `port`, one of them' }] };
  }
  if (wanted === null && choices.includes(',')) {
    return refuse(
      `its Services (${names}) have several ports: ${choices}`,
      'write a route to it with `port`, one of them',
    );
  }
  return refuse(
    `port ${wanted ?? choices} leads to different container ports in its Services (${names}): ${[only, ...others].join(', ')}`,
    'give the Services the same targetPort',
  );
}

/** Of Services with several ports. `why` null: it is the only one that all of them have. Null: none is better than the others. */
function preferredPort(
  services: readonly Service[],
): { readonly target: number | string; readonly why: string | null } | null {
  const [first, ...rest] = services.filter(({ ports }) => ports.length > 0);
  const everywhere = (first?.ports ?? []).filter(({ name, port }) =>
    rest.every(({ ports }) => ports.some((other) => other.name === name && other.port === port)),
  );
  const targetOf = (isIt: (port: ServicePort) => boolean) => {
    const targets = distinct(services.flatMap(({ ports }) => ports.filter(isIt).map(({ targetPort }) => targetPort)));
    return targets.length === 1 ? targets[0] : undefined;
  };
  const shared = rest.length > 0 && everywhere.length === 1 ? everywhere[0] : undefined;
  const choices = [
    { why: null, target: shared && targetOf(({ name, port }) => name === shared.name && port === shared.port) },
    { why: 'the one named http', target: targetOf(({ name }) => name === 'http') },
    { why: '80', target: targetOf(({ port }) => port === 80) },
  ];
  for (const { why, target } of choices) if (target !== undefined) return { target, why };
  return null;
}

/** A port that a Service would have named: it may be another one, with its own targetPort, once the Service is there. */
function guessed(port: number, missing: readonly string[]): Pick<Problem, 'message' | 'remedy'> {
  const names = missing.join(', ');
  return {
    message: `the Services that it names (${names}) are not there: its requests go to the only container port, ${port}`,
    remedy: 'create them in its namespace, correct their names in spec.strategy, or set `port` of its route',
  };
}

/** The port number of a Rollout's Pod; null when its containers have no port of that name. */
export function podPort(pod: Pod, target: TargetPort): number | null {
  if (typeof target !== 'string') return target;
  return named(pod.ports, target);
}

/**
 * The port number of an experiment's Pod: the same as the Rollout's where its containers declare it, else the only one
 * that they declare (an Experiment's own Service leads there too).
 */
export function experimentPodPort(pod: Pod, target: TargetPort): number | null {
  if (typeof target === 'string') {
    const port = named(pod.ports, target);
    if (port !== null) return port;
  }
  if (typeof target === 'number') {
    // Declaring a port is optional in Kubernetes: who declares none is taken to listen where the Rollout does.
    if (pod.ports.length === 0 || pod.ports.some(({ containerPort }) => containerPort === target)) return target;
  }
  const [only, ...others] = distinct(pod.ports.map(({ containerPort }) => containerPort));
  return only !== undefined && others.length === 0 ? only : null;
}

function named(ports: readonly ContainerPort[], name: string): number | null {
  return ports.find((port) => port.name === name)?.containerPort ?? null;
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}

function listed(ports: readonly ServicePort[]): string {
  return distinct(ports.map(({ name, port }) => (name === '' ? String(port) : `${name} (${port})`)))
    .toSorted(compareText)
    .join(', ');
}
