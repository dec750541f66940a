import { compareText } from '../model/order.ts';
import type { Pod } from '../model/pod.ts';
import type { Endpoint } from './table.ts';

/** Pods do not change, and of thousands nearly all are those of the compilation before. */
const known = new WeakMap<Pod, Endpoint>();

/**
 * The endpoints that usable Pods are, each once, sorted by host then port; that of a Pod that is as before is the same object as before.
 * @param portOf null: that Pod offers none
 */
export function podEndpoints(pods: readonly Pod[], portOf: (pod: Pod) => number | null): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  let ascending = true;
  for (const pod of pods) {
    const port = pod.usable ? portOf(pod) : null;
    if (port === null) continue;
    const endpoint = endpointOf(pod, port);
    const last = endpoints.at(-1);
    if (last !== undefined && compareEndpoints(last, endpoint) >= 0) ascending = false;
    endpoints.push(endpoint);
  }
  // Pods come in this order, so that there is nothing to do but where two have one address.
  return ascending ? endpoints : distinct(sortedEndpoints(endpoints));
}

export function sortedEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.toSorted(compareEndpoints);
}

/** Sorted, those that are the same are neighbours. */
function distinct(sorted: readonly Endpoint[]): readonly Endpoint[] {
  return sorted.filter((one, i) => i === 0 || compareEndpoints(one, sorted[i - 1] ?? one) !== 0);
}

function endpointOf(pod: Pod, port: number): Endpoint {
  const before = known.get(pod);
  if (before?.port === port) return before;
  const endpoint = { host: pod.ip, port };
  known.set(pod, endpoint);
  return endpoint;
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareText(a.host, b.host) || a.port - b.port;
}
