import type { Row } from '../judge/judge.ts';
import type { Api } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import type { HeadgateDeployment, HeadgateOptions } from './headgate-deployment.ts';
import type { Kubectl } from './kubectl.ts';
import type { PodRunner } from './pod-runner.ts';
import type { RolloutDriver } from './rollout-driver.ts';
import type { Traffic, TrafficOptions } from './traffic.ts';

export interface Scenario {
  readonly name: string;
  /** It disturbs what others need, such as the API server: it runs alone. */
  readonly exclusive?: boolean;
  /** Why it runs in the test's own cluster only. What takes `cluster`, `runner` or `programs` need not say it. */
  readonly ownClusterOnly?: string;
  /** 180,000 where it is left out. */
  readonly timeoutMs?: number;
  /** Throws when something did not come about. What the load saw is judged afterwards. */
  readonly run: (context: Context) => Promise<void>;
}

/** What a scenario works with: a namespace of its own in a running cluster. */
export interface Context {
  readonly name: string;
  readonly namespace: string;
  /** As cluster-admin, bound to the namespace. */
  readonly api: Api;
  /** kubectl and its plugin for Argo Rollouts, bound to the namespace. */
  readonly kubectl: Kubectl;
  readonly cluster: ControlPlane;
  readonly runner: PodRunner;
  /** A folder of its own. */
  readonly folder: string;
  /** The programs that the cluster is made of. */
  readonly programs: string;
  /** Says where the scenario is. */
  readonly step: (text: string) => void;
  /** A demand that was not met: the scenario fails, but goes on. */
  readonly fail: (message: string) => void;
  /** Throws `message` when it is false. */
  readonly assert: (holds: boolean, message: string) => void;
  readonly rollout: (name: string) => RolloutDriver;
  /** Headgate from the shipped manifests, ready. */
  readonly headgate: (options?: HeadgateOptions) => Promise<HeadgateDeployment>;
  /** Starts load. It is stopped and judged when the scenario ends, or by `judge`. */
  readonly traffic: (options: TrafficOptions) => Traffic;
  /** Ends this load now and takes its findings as the scenario's; its figures are a row of the table. */
  readonly judge: (traffic: Traffic) => Promise<Row>;
}

export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
