import type { Section } from './section.ts';
import { workloadSection } from './workload-section.ts';
import { WORKLOADS } from './workloads.ts';

/** The whole report, in its order. */
export const SECTIONS: readonly Section[] = WORKLOADS.map(workloadSection);
