import type { ControlPlane } from './control-plane.ts';
import { HeadgateDeployment } from './headgate-deployment.ts';
import { Kubectl } from './kubectl.ts';
import type { Cluster, Place } from './place.ts';
import type { PodRunner } from './pod-runner.ts';
import { Traffic } from './traffic.ts';

const TAIL = 15;

export interface OwnClusterOptions {
  readonly plane: ControlPlane;
  readonly runner: PodRunner;
  readonly programs: string;
  readonly folder: string;
}

/** The cluster that the test has made for itself. A scenario's namespace has its name. */
export class OwnCluster implements Cluster {
  readonly isOwn = true;
  readonly plane: ControlPlane;
  readonly runner: PodRunner;
  readonly programs: string;
  readonly folder: string;

  constructor({ plane, runner, programs, folder }: OwnClusterOptions) {
    this.plane = plane;
    this.runner = runner;
    this.programs = programs;
    this.folder = folder;
  }

  place(scenario: string): Place {
    const { plane, runner, programs } = this;
    const api = plane.api.in(scenario);
    const kubectl = new Kubectl(programs, plane.kubeconfig, scenario);
    return {
      namespace: scenario,
      api,
      kubectl,
      make: async () => {
        await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: scenario } });
        // Pods need the service account that a controller makes.
        await api.retry(() => api.get('ServiceAccount', 'default'));
      },
      headgate: (folder, options) => HeadgateDeployment.apply(api, kubectl, folder, options),
      traffic: (options) => new Traffic(scenario, api, options),
      intervals: () => runner.intervals(scenario),
      logs: async () => {
        const parts = [plane.tails(TAIL)];
        try {
          parts.push(
            await kubectl.kubectl(['get', 'rollouts,experiments,replicasets,pods,endpointslices', '-o', 'wide']),
          );
          const pods = await api.list('Pod', 'app.kubernetes.io/name in (headgate, prometheus)');
          for (const { metadata } of pods) parts.push(runner.tail(scenario, metadata.name, TAIL));
        } catch (error) {
          parts.push(String(error));
        }
        return parts.join('\n');
      },
      remove: () => api.delete('Namespace', scenario),
    };
  }
}
