import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';

const TOOLS = join(import.meta.dirname, '../tools');
const FLAGS = ['-buildvcs=false', '-trimpath', '-ldflags', '-s -w'];

const PROGRAMS = [
  { name: 'etcd', module: 'kubernetes', package: 'go.etcd.io/etcd/server/v3' },
  { name: 'kubectl', module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubectl' },
  { name: 'kube-controller-manager', module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  { name: 'kube-apiserver', module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  {
    name: 'rollouts-controller',
    module: 'rollouts',
    package: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
  },
  {
    name: 'kubectl-argo-rollouts',
    module: 'rollouts',
    package: 'github.com/argoproj/argo-rollouts/cmd/kubectl-argo-rollouts',
  },
] as const;

/**
 * Builds what the cluster is made of, from the versions that `tools/` pins, and resolves with the folder where it lies:
 * a program for each name, and CRDs in `crds/`. The second time it is there already.
 * Takes some eight minutes on two cores, and fetches Go modules.
 */
export async function binaries(progress: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), await fingerprint());
  mkdirSync(folder, { recursive: true });
  const missing = PROGRAMS.filter(({ name }) => !existsSync(join(folder, name)));
  for (const [index, { name, module, package: path }] of missing.entries()) {
    progress(`building ${name} (${index + 1} of ${missing.length}; once, some minutes in all) into ${folder}`);
    const unfinished = join(folder, `.${name}-${process.pid}`);
    await command('go', ['build', ...FLAGS, '-o', unfinished, path], { cwd: join(TOOLS, module) });
    renameSync(unfinished, join(folder, name));
  }
  await copyCrds(join(folder, 'crds'));
  return folder;
}

/** Of Argo Rollouts, and the two kinds of the Prometheus operator that are shipped. */
const CRDS = [
  {
    module: 'rollouts',
    path: 'github.com/argoproj/argo-rollouts',
    folder: 'manifests/crds',
    files: /-crd\.yaml$/,
  },
  {
    module: 'prometheus-operator',
    path: 'github.com/prometheus-operator/prometheus-operator',
    folder: 'example/prometheus-operator-crd',
    files: /_servicemonitors\.yaml$/,
  },
  {
    module: 'prometheus-operator',
    path: 'github.com/prometheus-operator/prometheus-operator',
    folder: 'example/prometheus-operator-crd',
    files: /_prometheusrules\.yaml$/,
  },
] as const;

async function copyCrds(into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  for (const { module, path, folder, files } of CRDS) {
    if (readdirSync(into).some((name) => files.test(name))) continue;
    const said = await command('go', ['mod', 'download', '-json', path], { cwd: join(TOOLS, module) });
    const { Dir }: { Dir: string } = JSON.parse(said);
    for (const name of readdirSync(join(Dir, folder)).filter((name) => files.test(name))) {
      copyFileSync(join(Dir, folder, name), join(into, `.${name}`));
      renameSync(join(into, `.${name}`), join(into, name));
    }
  }
}

/** Has a folder for each set of versions. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headgate/cluster');
}

/** Changes with any version of what is built, and with the compiler. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([PROGRAMS, FLAGS, process.arch, await goVersion()]));
  for (const module of ['kubernetes', 'rollouts']) {
    for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(TOOLS, module, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function goVersion(): Promise<string> {
  const needed = ['kubernetes', 'rollouts']
    .map((module) => /^go (\S+)$/m.exec(readFileSync(join(TOOLS, module, 'go.mod'), 'utf8'))?.[1] ?? '')
    .reduce((most, one) => (isOlder(most, one) ? one : most));
  const remedy = `Install Go ${needed} or newer: https://go.dev/dl/`;
  let found = '';
  try {
    // Outside a module: what is installed, not what a module would have fetched.
    found = (await command('go', ['env', 'GOVERSION'], { cwd: '/', env: { GOTOOLCHAIN: 'local' } })).trim();
  } catch {
    throw new Error(`The cluster test builds Kubernetes and Argo Rollouts, and there is no Go here. ${remedy}`);
  }
  if (isOlder(found.replace(/^go/, ''), needed)) throw new Error(`${found} is too old for the cluster test. ${remedy}`);
  return found;
}

function isOlder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (const [index, part] of (b ?? []).entries()) {
    const mine = a?.[index] ?? 0;
    if (mine !== part) return mine < part;
  }
  return false;
}
