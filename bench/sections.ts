import { latencySection } from './latency-section.ts';
import { memorySection } from './memory-section.ts';
import { pausesSection } from './pauses-section.ts';
import type { Section } from './section.ts';
import { startSection } from './start-section.ts';
import { workersSection } from './workers-section.ts';
import { workloadSection } from './workload-section.ts';
import { WORKLOADS } from './workloads.ts';

/** The whole report, in its order. */
export const SECTIONS: readonly Section[] = [
  ...WORKLOADS.map(workloadSection),
  latencySection,
  pausesSection,
  startSection,
  memorySection,
  workersSection,
];
