import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Api, type Manifest } from '../lib/api.ts';
import type { ControlPlane } from '../lib/control-plane.ts';
import { appSource } from '../lib/images.ts';
import { Kubectl } from '../lib/kubectl.ts';
import type { Cluster, Place } from '../lib/place.ts';
import type { PodRunner } from '../lib/pod-runner.ts';
import { Skipped } from '../lib/skipped.ts';
import { ForeignPlace } from './foreign-place.ts';
import { KubectlProxy } from './kubectl-proxy.ts';
import { probeRollout } from './probe-rollout.ts';
import { programs } from './programs.ts';
import { requirements } from './requirements.ts';
import { withStandIns } from './stand-ins.ts';

export interface ForeignClusterOptions {
  /** Private, for whatever it writes. */
  readonly folder: string;
  /** What the applications' containers run on: Node, with `node` in its path. */
  readonly image: string;
  /** Null: Headgate runs here, as a process. */
  readonly headgateImage: string | null;
  readonly say: (line: string) => void;
}

/** A cluster that is somebody's own, with Argo Rollouts, through $KUBECONFIG. */
export class ForeignCluster implements Cluster {
  readonly isOwn = false;
  readonly folder: string;
  readonly #options: ForeignClusterOptions;
  readonly #programs: string;
  readonly #proxy: KubectlProxy;
  readonly #api: Api;
  readonly #app: string;
  readonly #places = new Set<ForeignPlace>();
  #groups: ReadonlySet<string> = new Set();
  #reachesPods = false;

  private constructor(options: ForeignClusterOptions, folder: string, proxy: KubectlProxy) {
    this.#options = options;
    this.folder = options.folder;
    this.#programs = folder;
    this.#proxy = proxy;
    this.#app = appSource();
    this.#api = new Api(proxy.connection, 'default', (manifest) => this.#standIns(manifest));
  }

  /** To be followed by `examine`. @throws Error that says what is missing here, or that no cluster answers */
  static async connect(options: ForeignClusterOptions): Promise<ForeignCluster> {
    const { folder, say } = options;
    const found = programs(join(folder, 'programs'));
    const kubectl = new Kubectl(found, '', 'default');
    try {
      say(`the cluster: ${await description(kubectl)}`);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`KUBECONFIG leads to no cluster that answers: ${what}`, { cause });
    }
    return new ForeignCluster(options, found, await KubectlProxy.start(found, folder));
  }

  get plane(): ControlPlane {
    throw new Skipped(
      "it restarts the API server, or has its administrator's token, as only in the test's own cluster",
    );
  }

  get runner(): PodRunner {
    throw new Skipped("it does with Pods' processes what only the test's own pod runner can");
  }

  get programs(): string {
    throw new Skipped('it makes a control plane of its own, of programs that are built for it');
  }

  place(scenario: string): Place {
    const namespace = `headgate-test-${scenario}-${randomBytes(3).toString('hex')}`;
    const place = new ForeignPlace({
      scenario,
      api: this.#api.in(namespace),
      programs: this.#programs,
      app: this.#app,
      headgateInCluster: this.#options.headgateImage !== null && this.#reachesPods,
      reachesPods: this.#reachesPods,
      onRemoved: () => this.#places.delete(place),
    });
    this.#places.add(place);
    return place;
  }

  /** Deletes what is left of the scenarios, and ends what runs here. Not by way of the proxy: Ctrl-C ends that one, too. */
  async close(): Promise<void> {
    const left = [...this.#places];
    this.#places.clear();
    for (const place of left) place.close();
    const names = left.filter(({ isMade }) => isMade).map(({ namespace }) => namespace);
    if (names.length > 0) {
      const kubectl = new Kubectl(this.#programs, '', 'default');
      await kubectl.kubectl(['delete', 'namespace', ...names, '--wait=false', '--ignore-not-found']);
    }
    await this.#proxy.stop();
  }

  /** @throws Error that says what the cluster lacks, or what the kubeconfig may not do there */
  async examine(): Promise<void> {
    const { say, headgateImage } = this.#options;
    this.#groups = await requirements(this.#proxy.connection);
    const place = this.place('probe');
    await place.make();
    this.#reachesPods = await probeRollout(place);
    await place.remove();
    if (!this.#reachesPods) {
      say(
        "Pods' addresses do not answer from here: NO TRAFFIC IS JUDGED, only what Headgate's tables say at each step",
      );
      if (headgateImage !== null) say(`HEADGATE_IMAGE is not used: nothing here could ask it`);
    }
    const where =
      headgateImage !== null && this.#reachesPods ? `in the cluster, ${headgateImage}` : 'here, as a process';
    say(`the applications run on ${this.#options.image}, Headgate ${where}`);
  }

  #standIns(manifest: Manifest): Manifest {
    const { apiVersion, kind } = manifest;
    const [group = ''] = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/') : [''];
    if (group !== '' && !this.#groups.has(group) && this.#groups.size > 0) {
      throw new Skipped(`the cluster does not know ${String(kind)} (${group}), and it is not the test's to install it`);
    }
    return withStandIns(manifest, this.#options);
  }
}

async function description(kubectl: Kubectl): Promise<string> {
  const config = JSON.parse(await kubectl.kubectl(['config', 'view', '--minify', '-o', 'json'])) as {
    'current-context': string;
    clusters: { cluster: { server: string } }[];
  };
  const { gitVersion } = JSON.parse(await kubectl.kubectl(['get', '--raw', '/version'])) as { gitVersion: string };
  return `${config['current-context']}, ${config.clusters[0]?.cluster.server}, Kubernetes ${gitVersion}`;
}
