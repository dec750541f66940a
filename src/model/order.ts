import type { Pod } from './pod.ts';
import type { Problem } from './problem.ts';

/** Orders strings by code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Orders objects by namespace, then name. */
export function compareObjects(
  a: { readonly namespace: string; readonly name: string },
  b: { readonly namespace: string; readonly name: string },
): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

/** Orders Pods of a namespace by address, the order of endpoints, then name. */
export function compareAddresses(a: Pick<Pod, 'ip' | 'name'>, b: Pick<Pod, 'ip' | 'name'>): number {
  return compareText(a.ip, b.ip) || compareText(a.name, b.name);
}

/** Orders problems by place, then message. */
export function compareProblems(a: Problem, b: Problem): number {
  return compareText(a.place, b.place) || compareText(a.message, b.message);
}
