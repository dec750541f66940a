import type { ContainerPort } from '../model/fields.ts';
import { compareText } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Problem } from '../model/problem.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service, ServicePort } from '../model/service.ts';
import { serviceNames } from './rollout-services.ts';

/** A container port: its number, or its name, which each Pod may give another number. Null: none could be chosen. */
export type TargetPort = number | string | null;

/**
 * Which container port of a Rollout's Pods takes the requests: the targetPort of the Service port `wanted` (name or
 * number) or, when that is null, of the only one. Without any Service: the container port `wanted`, or the only one.
 * A choice that is not clear is a problem, and nothing is guessed. The only container port is taken without one, but a
 * problem all the same where the Rollout names Services: they are not there.
 *
 * @param pods some of the Rollout's Pods, for the ports of a template that lies elsewhere
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
    const declared = rollout.spec.templatePorts.length > 0 ? rollout.spec.templatePorts : (pods[0]?.ports ?? []);
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
