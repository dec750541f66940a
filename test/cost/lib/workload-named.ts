import type { Workload } from '../../../bench/workload.ts';
import { WORKLOADS } from '../../../bench/workloads.ts';

/** One of the bench's. Throws where it has none of that name. */
export function workloadNamed(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`the bench has no workload ${name}`);
  return found;
}
