import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { serviceAccountAccess } from '../../../src/sources/kubernetes/service-account.ts';
import { KubernetesSource } from '../../../src/sources/kubernetes.ts';
import type { Api } from '../lib/api.ts';
import { ControlPlane } from '../lib/control-plane.ts';
import { NETWORK } from '../lib/namespace.ts';
import { defineScenario } from '../lib/scenario.ts';

const PORT = 7443;
const PATIENCE_MS = 30_000;

const ACCOUNT = `
apiVersion: v1
kind: Namespace
metadata: { name: edge }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: edge }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: headgate, namespace: edge }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: headgate, namespace: edge }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: headgate }
subjects: [{ kind: ServiceAccount, name: headgate, namespace: edge }]
`;

const role = (...core: readonly string[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'headgate', namespace: 'edge' },
  rules: [
    { apiGroups: [''], resources: core, verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['argoproj.io'], resources: ['rollouts', 'experiments'], verbs: ['get', 'list', 'watch'] },
  ],
});

const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'edge' },
  spec: { selector: { app: name }, ports: [{ port: 80 }] },
});

/** Of a ReplicaSet that only its Pods know of: one that none owns is nobody's endpoint. */
const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-aaa', uid: 'aaa', controller: true };

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'edge', labels: { 'rollouts-pod-template-hash': 'aaa' }, ownerReferences: [OWNER] },
  spec: { containers: [{ name: 'app', image: 'app' }] },
});

const rollout = (name: string) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name, namespace: 'edge' },
  spec: { selector: { matchLabels: { app: name } }, strategy: { canary: {} }, template: { metadata: { labels: {} } } },
});

/** A source of the namespace `edge`, seen from outside. */
class Watched {
  readonly source: KubernetesSource;
  #snapshot: Snapshot | null = null;

  constructor(folder: string) {
    const environment = { KUBERNETES_SERVICE_HOST: NETWORK.api, KUBERNETES_SERVICE_PORT: String(PORT) };
    this.source = new KubernetesSource({
      namespaces: ['edge'],
      access: async () => {
        const access = serviceAccountAccess(environment, folder);
        if (access === null) throw new Error('not in a cluster');
        return access;
      },
      // Watches are short, so that each of them soon shows its credentials again.
      timing: { watchMs: [1_000, 2_000] },
    });
  }

  start(): Promise<void> {
    return this.source.start((snapshot) => {
      this.#snapshot = snapshot;
    });
  }

  /** The names of all objects, in order. */
  get names(): string {
    if (this.#snapshot === null) return '';
    const { rollouts, experiments, services, pods } = this.#snapshot;
    const lists = [rollouts, experiments, services, pods.values().flat()];
    return lists.flatMap((list) => list.map(({ name }) => name)).join(' ');
  }

  get problems(): string {
    return this.source.problems.map(({ message, remedy }) => `${message} (${remedy})`).join('\n');
  }

  /** Resolves when the objects have these names and the problems, a line each, look like this; '' is none. */
  async until(names: string, problems: RegExp): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.names !== names || !problems.test(this.problems)) {
      if (performance.now() > deadline) {
        throw new Error(`wanted "${names}" and ${String(problems)}, got "${this.names}" and:\n${this.problems}`);
      }
      await sleep(10);
    }
  }
}

const NONE = /^$/;
const UNREACHABLE = /^cannot reach the API server at https:\S+: connection refused; the last table stays in force/;

/** A token of the service account, where the kubelet would put it. */
async function mountToken(api: Api, folder: string): Promise<void> {
  const spec = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const answer = (await api.post('ServiceAccount', 'headgate', 'token', spec)) as { status: { token: string } };
  writeFileSync(join(folder, 'token'), answer.status.token);
}

/** How many watches the API server has open for a resource in the namespace. */
async function watches(api: Api, resource: string): Promise<number> {
  const metrics = String(await api.raw('GET', '/metrics'));
  const lines = metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_longrunning_requests{') && line.includes(`resource="${resource}"`));
  const ours = lines.filter((line) => line.includes('scope="namespace"') && line.includes('verb="WATCH"'));
  return ours.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Removes a Service behind the API server's back: no watch will ever tell of it. */
async function removeFromEtcd(name: string): Promise<void> {
  const key = Buffer.from(`/registry/services/specs/edge/${name}`).toString('base64');
  const url = `http://127.0.0.1:${PORT - 1}/v3/kv/deleterange`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ key }) });
  const { deleted } = (await response.json()) as { deleted?: string };
  if (deleted !== '1') throw new Error(`etcd has no ${name}`);
}

interface Trial {
  readonly plane: ControlPlane;
  readonly api: Api;
  readonly watched: Watched;
  /** Of the service account. */
  readonly folder: string;
  readonly programs: string;
  readonly step: (text: string) => void;
}

async function disturb({ plane, api, watched, folder, programs, step }: Trial): Promise<void> {
  step('no permission for Pods, no CRDs');
  await watched.start();
  const missing = [
    'the kind Rollout \\(rollouts\\.argoproj\\.io\\) is not installed.*',
    'the kind Experiment \\(experiments\\.argoproj\\.io\\) is not installed.*',
    'no permission to read Pods in namespace edge.*bind system:serviceaccount:edge:headgate to a Role in edge with the rule .*\\[pods\\].*',
  ];
  await watched.until('web', new RegExp(`^${missing.join('\\n')}$`));
  await api.apply(role('services', 'pods'));
  await watched.until('web web-1', new RegExp(`^${missing.slice(0, 2).join('\\n')}$`));

  step('the CRDs are installed');
  const crds = join(programs, 'crds');
  for (const name of readdirSync(crds)) await plane.installCrds(readFileSync(join(crds, name), 'utf8'));
  await api.retry(() => api.apply(rollout('web')));
  await watched.until('web web web-1', NONE);

  step('the API server is killed and comes back');
  await plane.killApiServer();
  await watched.until('web web web-1', UNREACHABLE);
  await plane.startApiServer();
  await watched.until('web web web-1', NONE);
  await api.apply(service('later'));
  await watched.until('web later web web-1', NONE);

  step('its history is lost, and so is a Service');
  await plane.killApiServer();
  await removeFromEtcd('later');
  await plane.compact();
  await plane.startApiServer();
  await watched.until('web web web-1', NONE);

  step('the permission for Pods is taken away and given back');
  await api.apply(role('services'));
  await watched.until('web web web-1', /^no permission to read Pods .*what was known of them stays in force/);
  await api.delete('Pod', 'web-1', { gracePeriodSeconds: 0 });
  await api.apply(role('services', 'pods'));
  await watched.until('web web', NONE);

  step('the token is revoked, and renewed');
  await api.delete('ServiceAccount', 'headgate');
  await watched.until('web web', /^the API server at \S+ does not accept the credentials \(status 401/);
  await api.apply(ACCOUNT);
  await mountToken(api, folder);
  await watched.until('web web', NONE);
  await api.apply(pod('web-2'));
  await watched.until('web web web-2', NONE);
}

/**
 * The Kubernetes source against an API server of its own, which loses its memory, its rights and its life: what is known stays
 * in force, what has gone is removed, and each state has its message.
 */
export const scenario = defineScenario({
  name: 'source',
  timeoutMs: 300_000,
  run: async ({ programs, folder, step, assert }) => {
    const plane = await ControlPlane.start({ programs, folder: join(folder, 'plane'), controllers: false, port: PORT });
    const account = join(folder, 'account');
    mkdirSync(account);
    const api = plane.api.in('edge');
    const watched = new Watched(account);
    try {
      await api.apply(ACCOUNT);
      await api.apply([role('services'), service('web'), pod('web-1')]);
      await mountToken(api, account);
      writeFileSync(join(account, 'ca.crt'), plane.address.ca);
      await disturb({ plane, api, watched, folder: account, programs, step });
      await sleep(3_000);
      for (const resource of ['rollouts', 'experiments', 'services', 'pods']) {
        await api.retry(async () => {
          const open = await watches(api, resource);
          assert(open === 1, `${open} watches of ${resource} are open`);
        });
      }
      await watched.source.stop();
      await api.retry(async () => assert((await watches(api, 'pods')) === 0, 'the watch of Pods is still open'));
    } finally {
      await watched.source.stop();
      await plane.stop();
    }
  },
});
