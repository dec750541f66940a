import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../load/clock.ts';
import { Api } from './api.ts';
import { type ClusterAddress, Connection } from './connection.ts';
import { Daemon } from './daemon.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { NETWORK } from './namespace.ts';

const ADMIN = 'cluster-test-admin';

/** Those that Rollouts, Deployments and their Pods need: each further one costs time at the start. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
  'job-controller',
];

export interface ControlPlaneOptions {
  /** Where `binaries` put the programs. */
  readonly programs: string;
  /** For data, keys and logs. */
  readonly folder: string;
  /** Further CRDs, as YAML files. */
  readonly crds?: readonly string[];
  /** False: only etcd and the API server, without the CRDs of Argo Rollouts. */
  readonly controllers?: boolean;
  /** The API server's port; etcd takes the two below it. */
  readonly port?: number;
  readonly onTrouble?: (line: string) => void;
}

/** etcd, the API server, the controller manager and the controller of Argo Rollouts, each the real program. */
export class ControlPlane {
  readonly address: ClusterAddress;
  /** For kubectl and its plugins, as cluster-admin. */
  readonly kubeconfig: string;
  readonly port: number;
  readonly #options: ControlPlaneOptions;
  readonly #etcd: Daemon;
  readonly #apiServer: Daemon;
  readonly #controllers: readonly Daemon[];
  #connection: Connection | null = null;

  private constructor(options: ControlPlaneOptions, port: number) {
    const { folder, programs } = options;
    this.#options = options;
    this.port = port;
    this.kubeconfig = join(folder, 'kubeconfig');
    this.address = {
      server: `https://${NETWORK.api}:${port}`,
      token: ADMIN,
      get ca() {
        return readFileSync(join(folder, 'certificates/apiserver.crt'), 'utf8');
      },
    };
    const daemon = (name: string, args: readonly string[]) =>
      new Daemon({
        name,
        file: join(programs, name),
        args,
        folder,
        env: { PATH: process.env['PATH'] ?? '' },
        onExit: (how) => options.onTrouble?.(`${name} has ended: ${how}`),
      });
    this.#etcd = daemon('etcd', this.#etcdArgs());
    this.#apiServer = daemon('kube-apiserver', this.#apiServerArgs());
    this.#controllers =
      options.controllers === false
        ? []
        : [
            daemon('kube-controller-manager', this.#controllerManagerArgs()),
            daemon('rollouts-controller', this.#rolloutsArgs()),
          ];
  }

  /** Resolves when everything serves: about ten seconds on two cores. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { folder, controllers = true, port = 6443 } = options;
    mkdirSync(folder, { recursive: true });
    writeServiceAccountKeys(folder);
    writeFileSync(join(folder, 'tokens.csv'), `${ADMIN},admin,admin,"system:masters"\n`);
    const plane = new ControlPlane(options, port);
    plane.#etcd.start();
    await plane.#bringUpApiServer();
    await plane.#installCrds();
    if (controllers) for (const daemon of plane.#controllers) daemon.start();
    return plane;
  }

  get api(): Api {
    if (this.#connection === null) throw new Error('the API server has not been started');
    return new Api(this.#connection);
  }

  /** As a crash does: nothing is said to anyone. */
  async killApiServer(): Promise<void> {
    await this.#apiServer.stop('SIGKILL');
  }

  /** As a restart of a single API server does: what is under way may end, watches are closed. Clients that stay connected
   * would hold it up for half a minute; it is killed after five seconds. */
  async stopApiServer(): Promise<void> {
    await this.#apiServer.stop('SIGTERM', 5_000);
  }

  /**
   * Resolves when it is ready again. The controllers are restarted then, as losing a lease would: their own watches may
   * stay silent for most of a minute although the server answers.
   */
  async startApiServer(): Promise<void> {
    await this.#bringUpApiServer();
    await Promise.all(
      this.#controllers.map(async (daemon) => {
        await daemon.stop('SIGKILL');
        daemon.start();
      }),
    );
  }

  /** Forgets all but the newest version of everything: a watch that would begin before gets 410 Gone. */
  async compact(): Promise<void> {
    const post = async (path: string, body: object) => {
      const response = await fetch(`http://127.0.0.1:${this.port - 1}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    };
    const { header } = (await post('/v3/kv/range', { key: 'AA==' })) as { header: { revision: string } };
    await post('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#controllers.map((daemon) => daemon.stop('SIGKILL')));
    await this.#connection?.close();
    await this.#apiServer.stop('SIGKILL');
    await this.#etcd.stop('SIGKILL');
  }

  /** The last lines of each log. */
  tails(lines: number): string {
    return [this.#apiServer, ...this.#controllers]
      .map((daemon) => `--- ${daemon.log}\n${daemon.tail(lines)}`)
      .join('\n');
  }

  async #bringUpApiServer(): Promise<void> {
    this.#apiServer.start();
    const deadline = now() + 60_000;
    for (;;) {
      try {
        await this.#ready();
        return;
      } catch (error) {
        if (!this.#apiServer.running || now() > deadline) {
          throw new Error(`kube-apiserver does not get ready: ${String(error)}\n${this.#apiServer.tail()}`, {
            cause: error,
          });
        }
        await sleep(50);
      }
    }
  }

  async #ready(): Promise<void> {
    if (this.#connection !== null) {
      await this.#connection.json('GET', '/readyz');
      return;
    }
    if (!existsSync(join(this.#options.folder, 'certificates/apiserver.crt'))) throw new Error('no certificate yet');
    const connection = new Connection(this.address);
    try {
      await connection.json('GET', '/readyz');
    } catch (error) {
      await connection.close();
      throw error;
    }
    // Only now: before, the certificate may have been read while it was being written.
    writeKubeconfig(this.kubeconfig, this.address);
    this.#connection = connection;
  }

  async #installCrds(): Promise<void> {
    const folder = join(this.#options.programs, 'crds');
    const argo = this.#options.controllers === false ? [] : readdirSync(folder).map((name) => join(folder, name));
    const files = [...argo, ...(this.#options.crds ?? [])];
    await Promise.all(files.map((file) => this.installCrds(readFileSync(file, 'utf8'))));
  }

  /** Applies CRDs and resolves when their kinds can be used. */
  async installCrds(yaml: string): Promise<void> {
    const { api } = this;
    for (const name of await api.apply(yaml)) {
      await api.until('CustomResourceDefinition', name, 'established', ({ status }) =>
        (status?.conditions ?? []).some(({ type, status: value }) => type === 'Established' && value === 'True'),
      );
    }
  }

  #etcdArgs(): readonly string[] {
    const [client, peer] = [`http://127.0.0.1:${this.port - 1}`, `http://127.0.0.1:${this.port - 2}`];
    return [
      `--data-dir=${join(this.#options.folder, 'etcd')}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ];
  }

  #apiServerArgs(): readonly string[] {
    const { folder } = this.#options;
    return [
      `--etcd-servers=http://127.0.0.1:${this.port - 1}`,
      `--secure-port=${this.port}`,
      // It makes a certificate for this address and for the first of the Services' range.
      '--bind-address=0.0.0.0',
      `--advertise-address=${NETWORK.gateway}`,
      '--endpoint-reconciler-type=none',
      `--cert-dir=${join(folder, 'certificates')}`,
      `--service-cluster-ip-range=${NETWORK.services}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'service-accounts.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'service-accounts.key')}`,
      '--enable-priority-and-fairness=false',
      '--profiling=false',
      '--allow-privileged',
    ];
  }

  #controllerManagerArgs(): readonly string[] {
    const { folder } = this.#options;
    return [
      `--kubeconfig=${this.kubeconfig}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      `--service-account-private-key-file=${join(folder, 'service-accounts.key')}`,
      `--root-ca-file=${join(folder, 'certificates/apiserver.crt')}`,
      '--kube-api-qps=300',
      '--kube-api-burst=500',
      '--profiling=false',
    ];
  }

  #rolloutsArgs(): readonly string[] {
    return [
      `--kubeconfig=${this.kubeconfig}`,
      '--leader-elect=false',
      '--qps=300',
      '--burst=500',
      '--loglevel=info',
      '--kloglevel=0',
    ];
  }
}

function writeServiceAccountKeys(folder: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(join(folder, 'service-accounts.key'), privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'service-accounts.pub'), publicKey);
}
