import { join } from 'node:path';
import type { UsableInterval } from '../judge/usable-interval.ts';
import type { Api } from '../lib/api.ts';
import { HeadgateDeployment, type HeadgateOptions } from '../lib/headgate-deployment.ts';
import type { Kubectl } from '../lib/kubectl.ts';
import type { Place } from '../lib/place.ts';
import { Skipped } from '../lib/skipped.ts';
import { TableCheck } from '../lib/table-check.ts';
import { Traffic, type TrafficOptions } from '../lib/traffic.ts';
import { LocalReplicas } from './local-replicas.ts';
import { PodWatch } from './pod-watch.ts';
import { StandInKubectl } from './stand-in-kubectl.ts';
import { APP_CONFIG_MAP } from './stand-ins.ts';
import { TablesOnly } from './tables-only.ts';

const TAIL = 15;

export interface ForeignPlaceOptions {
  readonly scenario: string;
  /** Bound to the namespace. */
  readonly api: Api;
  readonly programs: string;
  /** The application's program. */
  readonly app: string;
  readonly headgateInCluster: boolean;
  readonly reachesPods: boolean;
  readonly onRemoved: () => void;
}

/** A namespace of somebody's cluster. */
export class ForeignPlace implements Place {
  readonly namespace: string;
  readonly api: Api;
  readonly kubectl: Kubectl;
  /** Whether it may be there. */
  isMade = false;
  readonly #options: ForeignPlaceOptions;
  readonly #local: LocalReplicas[] = [];
  #pods: PodWatch | null = null;

  constructor(options: ForeignPlaceOptions) {
    this.#options = options;
    this.api = options.api;
    this.namespace = options.api.namespace;
    this.kubectl = new StandInKubectl(options.programs, '', this.namespace);
  }

  async make(): Promise<void> {
    const { api, namespace } = this;
    const labels = { 'app.kubernetes.io/managed-by': 'headgate-cluster-test' };
    this.isMade = true;
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    await api.retry(() => api.get('ServiceAccount', 'default'));
    const data = { 'app.mjs': this.#options.app };
    await api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: APP_CONFIG_MAP }, data });
    this.#pods = new PodWatch(api);
  }

  async headgate(folder: string, options: HeadgateOptions): Promise<HeadgateDeployment> {
    const { headgateInCluster, reachesPods } = this.#options;
    if (headgateInCluster) {
      const { change = (manifest) => manifest } = options;
      return HeadgateDeployment.apply(this.api, this.kubectl, folder, {
        ...options,
        // The load, and who asks for tables, come from outside the cluster, whom the policy keeps from the admin port.
        change: (manifest) => (manifest['kind'] === 'NetworkPolicy' ? null : change(manifest)),
      });
    }
    const { replicas = 2, config, kustomization, change } = options;
    if (kustomization !== undefined || change !== undefined)
      throw new Skipped('it changes the shipped manifests: name the image of Headgate in HEADGATE_IMAGE');
    const started = await LocalReplicas.start({
      namespace: this.namespace,
      replicas,
      folder: join(folder, `headgate-${this.#local.length + 1}`),
      ...(config === undefined ? {} : { config }),
    });
    this.#local.push(started);
    return reachesPods ? new HeadgateDeployment(started) : new TablesOnly(started);
  }

  traffic(options: TrafficOptions): Traffic {
    const { scenario, reachesPods } = this.#options;
    if (reachesPods) return new Traffic(scenario, this.api, options);
    if (!(options.to instanceof HeadgateDeployment)) throw new Skipped('its load goes to something else than Headgate');
    return new Traffic(scenario, this.api, options, new TableCheck(options.to));
  }

  intervals(): readonly UsableInterval[] {
    return this.#pods?.intervals ?? [];
  }

  async logs(): Promise<string> {
    const show = (args: readonly string[]) => this.kubectl.kubectl(args).catch(String);
    return [
      await show(['get', 'rollouts,experiments,replicasets,pods,endpointslices', '-o', 'wide']),
      await show(['logs', '--selector=app.kubernetes.io/name=headgate', '--prefix', `--tail=${TAIL}`]),
      ...this.#local.map((replicas) => replicas.tail(TAIL)),
    ].join('\n');
  }

  /** Ends what runs here for it. */
  close(): void {
    for (const replicas of this.#local) replicas.close();
    this.#pods?.close();
  }

  async remove(): Promise<void> {
    this.close();
    if (this.isMade) await this.api.delete('Namespace', this.namespace);
    this.#options.onRemoved();
  }
}
