import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { type Context, defineScenario } from '../lib/scenario.ts';

const CONFIG = join(import.meta.dirname, '../../../config');
const READ = ['get', 'list', 'watch'];
/** What every service account may do: ask about itself, and read paths that belong to no kind. */
const ANYBODY = /^(selfsubject\w+\.\S+)? +\[/;

/**
 * Every manifest that is shipped, by the strict validation of a real API server: fields that it does not know are
 * mistakes. Then the rights: those of the documents, to the word, and Headgate ready with them as Deployment, in all
 * namespaces and as a sidecar.
 */
export const scenario = defineScenario({
  name: 'shipped',
  ownClusterOnly: 'it makes cluster roles, and reads what service accounts may do',
  run: async (context) => {
    const { api, kubectl, step, assert, headgate, namespace } = context;
    step('validation');
    for (const folder of folders()) {
      const yaml = await built(context, folder);
      const said = await kubectl.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], known(yaml));
      assert(said.includes('(server dry run)'), `${folder}: ${said}`);
    }

    step('the base, which may read four kinds of its namespace and nothing else');
    const gateway = await headgate();
    await rightsAre(context, 'headgate');
    for (const elsewhere of ['default', 'kube-system']) {
      assert(!(await may(context, 'list', 'pods', elsewhere)), `the base may read Pods in ${elsewhere}`);
    }
    await gateway.untilTable('no problem but that there is no Rollout', ({ problems }) =>
      problems.every((problem) => JSON.stringify(problem).includes('there is no Rollout')),
    );
    gateway.close();

    step('a sidecar, which the application waits for');
    await api.apply(TALANA);
    await api.apply(await built(context, 'kubernetes/overlays/sidecar'));
    await kubectl.kubectl(['rollout', 'status', 'deployment/checkout', '--timeout=60s']);
    await rightsAre(context, 'checkout');
    const [pod] = await api.list('Pod', 'app=checkout');
    const table = await (await fetch(`http://${pod?.status?.podIP}:9081/api/table`)).text();
    assert(table.includes(`${namespace}/talana-backend/`), `the sidecar knows no version of talana-backend: ${table}`);

    step('all namespaces, in one that enforces the restricted profile');
    await api.apply(await built(context, 'kubernetes/overlays/cluster-wide'));
    await kubectl.kubectl(['rollout', 'status', 'deployment/headgate', '--timeout=60s']);
    for (const resource of ['pods', 'services', 'rollouts.argoproj.io', 'experiments.argoproj.io']) {
      for (const verb of READ) {
        assert(await may(context, verb, resource, 'default'), `cluster-wide: no right to ${verb} ${resource}`);
      }
      assert(!(await may(context, 'patch', resource, 'default')), `cluster-wide: a right to patch ${resource}`);
    }
    await kubectl.kubectl(['delete', 'clusterrole,clusterrolebinding', 'headgate']);
  },
});

const TALANA = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: talana-backend }
spec:
  replicas: 1
  selector: { matchLabels: { app: talana-backend } }
  strategy: { canary: { trafficRouting: {} } }
  template:
    metadata: { labels: { app: talana-backend } }
    spec:
      containers: [{ name: app, image: "talana/talana-backend:v1.0.2", ports: [{ name: http, containerPort: 8080 }] }]
`;

/** Every folder with a kustomization, relative to `config`. */
function folders(): readonly string[] {
  return ['kubernetes', 'examples'].flatMap((top) =>
    readdirSync(join(CONFIG, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('kustomization.yaml'))
      .map((file) => join(top, file, '..')),
  );
}

/** What a folder's kustomization builds, in the scenario's namespace. */
async function built({ kubectl, folder, namespace }: Context, name: string): Promise<string> {
  const here = join(folder, name.replaceAll('/', '-'));
  mkdirSync(here, { recursive: true });
  const resources = [relative(here, join(CONFIG, name))];
  writeFileSync(join(here, 'kustomization.yaml'), stringify({ namespace, resources }));
  return kubectl.kubectl(['kustomize', here, '--load-restrictor=LoadRestrictionsNone']);
}

/** Without the namespace, which is there. */
function known(yaml: string): string {
  return parseAllDocuments(yaml)
    .filter((document) => document.get('kind') !== 'Namespace')
    .map((document) => String(document))
    .join('---\n');
}

/** @throws Error when the account may do anything but read the four kinds */
async function rightsAre({ kubectl, namespace, assert }: Context, account: string): Promise<void> {
  const user = `system:serviceaccount:${namespace}:${account}`;
  const said = await kubectl.kubectl(['auth', 'can-i', '--list', '--no-headers', `--as=${user}`]);
  const rights = said
    .split('\n')
    .filter((line) => line !== '' && !ANYBODY.test(line))
    .map((line) => line.replace(/ +/g, ' ').trim())
    .sort();
  const wanted = ['experiments.argoproj.io', 'pods', 'rollouts.argoproj.io', 'services'].map(
    (resource) => `${resource} [] [] [${READ.join(' ')}]`,
  );
  assert(rights.join('\n') === wanted.join('\n'), `the rights of ${account}:\n${rights.join('\n')}`);
}

async function may({ kubectl, namespace }: Context, verb: string, resource: string, where: string): Promise<boolean> {
  const user = `system:serviceaccount:${namespace}:headgate`;
  // The exit code says the same: 1 for no.
  const said = await kubectl
    .kubectl(['auth', 'can-i', verb, resource, `--as=${user}`, `--namespace=${where}`])
    .catch((error: unknown) => String(error));
  return said.trim() === 'yes';
}
