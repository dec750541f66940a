import type { UsableInterval } from '../judge/usable-interval.ts';
import type { Api } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import type { HeadgateDeployment, HeadgateOptions } from './headgate-deployment.ts';
import type { Kubectl } from './kubectl.ts';
import type { PodRunner } from './pod-runner.ts';
import type { Traffic, TrafficOptions } from './traffic.ts';

/** Where scenarios run. */
export interface Cluster {
  /** For whatever a scenario writes. */
  readonly folder: string;
  readonly isOwn: boolean;
  /** Each of these throws Skipped where the cluster is not the test's own. */
  readonly plane: ControlPlane;
  readonly runner: PodRunner;
  readonly programs: string;
  place(scenario: string): Place;
}

/** A namespace for one scenario, and what is in it. */
export interface Place {
  readonly namespace: string;
  readonly api: Api;
  readonly kubectl: Kubectl;
  /** Resolves when Pods can be made in it. */
  make(): Promise<void>;
  /** Resolves when it is ready. `folder` is for what it needs. */
  headgate(folder: string, options: HeadgateOptions): Promise<HeadgateDeployment>;
  traffic(options: TrafficOptions): Traffic;
  /** When the Pods with a pod template hash were usable, those that are gone included. */
  intervals(): readonly UsableInterval[];
  /** Where a failure's cause may be found. */
  logs(): Promise<string>;
  /** Ends what runs for it and asks for its deletion. */
  remove(): Promise<void>;
}
