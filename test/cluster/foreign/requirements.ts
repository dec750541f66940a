import type { Connection } from '../lib/connection.ts';

const KINDS = ['rollouts', 'experiments', 'analysistemplates', 'analysisruns'];
const INSTALL = 'https://argo-rollouts.readthedocs.io/en/stable/installation/';

const CREATED = [
  ['', 'configmaps'],
  ['', 'services'],
  ['apps', 'deployments'],
  ['networking.k8s.io', 'ingresses'],
  ...['rollouts', 'experiments', 'analysistemplates'].map((kind) => ['argoproj.io', kind]),
] as const;
const READ = [
  ['', 'pods'],
  ['', 'services'],
  ['apps', 'replicasets'],
  ['discovery.k8s.io', 'endpointslices'],
] as const;

/** @returns the groups of the API @throws Error that says what the cluster lacks, or what the kubeconfig may not do there */
export async function requirements(connection: Connection): Promise<ReadonlySet<string>> {
  const { groups } = (await connection.json('GET', '/apis')) as { groups: { name: string }[] };
  const names = new Set(groups.map(({ name }) => name));
  await hasArgoRollouts(connection, names);
  await mayWork(connection);
  return names;
}

async function hasArgoRollouts(connection: Connection, groups: ReadonlySet<string>): Promise<void> {
  const served = groups.has('argoproj.io')
    ? ((await connection.json('GET', '/apis/argoproj.io/v1alpha1')) as { resources: { name: string }[] }).resources
    : [];
  const missing = KINDS.filter((kind) => !served.some(({ name }) => name === kind));
  if (missing.length === 0) return;
  const crds = missing.map((kind) => `${kind}.argoproj.io`).join(', ');
  throw new Error(`the cluster has no Argo Rollouts: it does not know ${crds}. Install it: ${INSTALL}`);
}

async function mayWork(connection: Connection): Promise<void> {
  const needed = [
    ...['create', 'delete'].map((verb) => ({ verb, group: '', resource: 'namespaces' })),
    ...CREATED.flatMap(([group = '', resource = '']) =>
      ['create', 'patch', 'get', 'list', 'watch', 'delete'].map((verb) => ({ verb, group, resource })),
    ),
    ...READ.flatMap(([group, resource]) => ['get', 'list', 'watch'].map((verb) => ({ verb, group, resource }))),
  ];
  const refused = await Promise.all(
    needed.map(async (resourceAttributes) => {
      const review = (await connection.json('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      })) as { status: { allowed: boolean } };
      return review.status.allowed ? [] : [resourceAttributes];
    }),
  );
  const byResource = Map.groupBy(refused.flat(), ({ group, resource }) =>
    group === '' ? resource : `${resource}.${group}`,
  );
  if (byResource.size === 0) return;
  const list = [...byResource].map(([name, rights]) => {
    const verbs = new Set(rights.map(({ verb }) => verb));
    return `${name} (${[...verbs].join(', ')})`;
  });
  throw new Error(`the kubeconfig's user may not work in namespaces of its own: it has no right to ${list.join(', ')}`);
}
