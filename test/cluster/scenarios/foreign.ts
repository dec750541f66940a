import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { outsideNetwork } from '../foreign/outside-network.ts';
import { ControlPlane } from '../lib/control-plane.ts';
import { writeKubeconfig } from '../lib/kubeconfig.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';

const RUN = join(import.meta.dirname, '../run.ts');
/** Beside the API server of the test, which has 6443. */
const PORT = 6543;

interface Run {
  readonly kubeconfig: string;
  readonly scenarios: readonly string[];
  readonly headgateImage?: string;
  /** Before the command line. */
  readonly enter?: readonly string[];
}

/**
 * The test itself as somebody with a cluster runs it: a process that has only a kubeconfig. The cluster is the test's own, so
 * no kubelet is behind it; but Pods run what their manifests say, by command, variables, ConfigMap and probe.
 */
export const scenario = defineScenario({
  name: 'foreign',
  timeoutMs: 420_000,
  ownClusterOnly: 'it tries the very thing that runs it',
  run: async (context) => {
    const { kubeconfig } = context.cluster;
    const { step } = context;

    step("Pods can be reached: load, and Headgate as a process; what needs the test's own cluster is skipped");
    const skipped = ['api-server-restart', 'shipped', 'source'];
    await expect(context, { kubeconfig, scenarios: ['canary', ...skipped] }, 0, '1 passed, 0 failed, 3 skipped');
    await gone(context);

    step('the same with Headgate in the cluster');
    const inCluster = { kubeconfig, scenarios: ['blue-green'], headgateImage: 'registry.test/headgate:own' };
    await expect(context, inCluster, 0, 'Headgate in the cluster', '1 passed, 0 failed');
    await gone(context);

    step('interrupted');
    await interrupted(context);
    await gone(context);

    step('no Pod can be reached: tables; and what is missing is named');
    const enter = await outsideNetwork();
    const far = { kubeconfig, scenarios: ['canary', 'blue-green'], enter };
    await Promise.all([
      expect(context, far, 0, 'NO TRAFFIC IS JUDGED', '1 passed, 0 failed, 1 skipped'),
      missing(context),
    ]);
    await gone(context);
  },
});

async function expect(context: Context, run: Run, status: number, ...said: readonly string[]): Promise<void> {
  const { assert } = context;
  const { code, text } = await start(context, run).ended;
  for (const part of said) assert(text.includes(part), `it does not say ${JSON.stringify(part)}:\n${text}`);
  assert(code === status, `exit ${code}:\n${text}`);
}

/** Ctrl-C in the middle of a scenario. */
async function interrupted(context: Context): Promise<void> {
  const { api, cluster, assert } = context;
  const run = start(context, { kubeconfig: cluster.kubeconfig, scenarios: ['canary'] });
  await api.retry(async () =>
    assert(
      run.lines.some((line) => line.includes('v2, promoted')),
      'it does not begin',
    ),
  );
  const [namespace] = await left(context);
  assert(namespace !== undefined, 'it has made no namespace');
  run.interrupt();
  const { code, text } = await run.ended;
  assert(code === 130 && text.includes('deleting what was made'), `exit ${code}:\n${text}`);
}

/** Each thing that a cluster may lack. */
async function missing(context: Context): Promise<void> {
  const { programs, folder } = context;
  const scenarios = ['canary'];
  await expect(context, { kubeconfig: await powerless(context), scenarios }, 1, 'has no right to namespaces (create');
  const bare = await ControlPlane.start({ programs, folder: join(folder, 'bare'), controllers: false, port: PORT });
  const { kubeconfig } = bare;
  await expect(context, { kubeconfig, scenarios }, 1, 'the cluster has no Argo Rollouts');
  const crds = join(programs, 'crds');
  for (const name of readdirSync(crds)) await bare.installCrds(readFileSync(join(crds, name), 'utf8'));
  // What another controller would do, which is not there either.
  const accounts = bare.api.watch('Namespace', ({ type, object: { metadata } }) => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    if (type === 'ADDED') void bare.api.in(metadata.name).apply(account);
  });
  await expect(context, { kubeconfig, scenarios }, 1, 'no controller of Argo Rollouts answers');
  accounts.close();
  await bare.stop();
  await expect(context, { kubeconfig, scenarios }, 1, 'leads to no cluster that answers');
}

interface Running {
  /** What it has printed so far. */
  readonly lines: readonly string[];
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
  readonly interrupt: () => void;
}

/** Tells line by line what it prints. */
function start(context: Context, run: Run): Running {
  const { programs, step, name } = context;
  const { kubeconfig, scenarios, headgateImage = '', enter = [] } = run;
  const [file = '', ...args] = [...enter, process.execPath, ...process.execArgv, RUN, '--jobs', '1', ...scenarios];
  const { HEADGATE_CLUSTER_INSIDE: _, ...env } = process.env;
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      PATH: `${programs}:${env['PATH']}`,
      KUBECONFIG: kubeconfig,
      HEADGATE_TEST_IMAGE: 'registry.test/node:any',
      HEADGATE_IMAGE: headgateImage,
    },
  });
  const lines: string[] = [];
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('[')) step(`${name}: ${line}`);
    });
  }
  return {
    lines,
    ended: ended.then((code) => ({ code, text: lines.join('\n') })),
    interrupt: () => child.kill('SIGINT'),
  };
}

/** No namespace of a run is left, or all of them are on their way. */
async function gone(context: Context): Promise<void> {
  const names = await left(context);
  context.assert(names.length === 0, `left: ${names.join(', ')}`);
}

async function left({ api }: Context): Promise<readonly string[]> {
  return (await api.list('Namespace'))
    .filter(({ metadata }) => metadata.name.startsWith('headgate-test-') && metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}

/** A kubeconfig of a service account that may do nothing. */
async function powerless({ api, cluster, folder }: Context): Promise<string> {
  const answer = await api.post('ServiceAccount', 'default', 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  const file = join(folder, 'powerless');
  const { token } = (answer as { status: { token: string } }).status;
  writeKubeconfig(file, { server: cluster.address.server, ca: cluster.address.ca, token });
  return file;
}
