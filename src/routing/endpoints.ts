import { compareText } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Endpoint } from './table.ts';

/** The endpoints that usable Pods are, each once, sorted by host then port. `portOf` null: that Pod offers none. */
export function podEndpoints(pods: readonly Pod[], portOf: (pod: Pod) => number | null): readonly Endpoint[] {
  const endpoints = new Map<string, Endpoint>();
  for (const pod of pods) {
    const port = pod.usable ? portOf(pod) : null;
    if (port !== null) endpoints.set(`${pod.ip} ${port}`, { host: pod.ip, port });
  }
  return sortedEndpoints([...endpoints.values()]);
}

export function sortedEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.toSorted((a, b) => compareText(a.host, b.host) || a.port - b.port);
}
