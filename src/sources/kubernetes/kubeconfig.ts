import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { errorText } from '../../common/error-text.ts';
import { readFailure } from '../../common/read-failure.ts';
import { asList, asRecord, isRecord } from '../../common/records.ts';
import type { Access, Credentials } from './access.ts';
import { AccessError } from './access-error.ts';
import { CredentialsError } from './credentials-error.ts';

const REMEDY = 'name a kubeconfig with source.kubernetes.kubeconfig, --kubeconfig or $KUBECONFIG';
/** The agent for a proxy lets go of one that does not answer only when it is given a limit. To others it is no limit. */
const PROXY_MS = 30_000;

/**
 * The files that kubectl would read: those of `$KUBECONFIG` that exist, else `~/.kube/config`.
 */
export function defaultKubeconfigs(environment: Readonly<Record<string, string | undefined>> = process.env): string[] {
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return listed.length > 0 ? listed : [join(environment['HOME'] ?? homedir(), '.kube', 'config')];
}

/**
 * Credentials of every kind that a kubeconfig can hold: tokens, certificates, passwords, plugins, OpenID Connect. They are
 * the business of @kubernetes/client-node, which is loaded only here.
 *
 * @param files of several, the first that names a thing counts, as with kubectl
 * @param optional whether those that do not exist are passed over
 * @param context null: the current one
 * @throws AccessError when they cannot be read or do not lead to a cluster
 */
export async function kubeconfigAccess(
  files: readonly string[],
  optional: boolean,
  context: string | null,
): Promise<Access> {
  const place = files.join(delimiter);
  const config = await load(files, optional, context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    const name = config.getCurrentContext();
    throw new AccessError(
      place,
      `the context ${name} names a cluster that is not there`,
      'add it, or choose another context',
    );
  }
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? '')) {
    throw new AccessError(place, `${JSON.stringify(server)} is no URL of a server`, 'write https://HOST:PORT');
  }
  // As kubectl has it, credentials are shown to nobody in plain text.
  if (/^http:/i.test(server)) return { server, credentials: async () => ({}), renew: () => undefined };
  let current: KubeConfig | null = config;
  const ask = async (): Promise<Credentials> => {
    try {
      current ??= await load(files, optional, context);
      const options: Credentials = { timeout: PROXY_MS };
      await current.applyToHTTPSOptions(options);
      return options;
    } catch (error) {
      throw new CredentialsError(withoutQuotation(error));
    }
  };
  // Requests at one time share one answer: a plugin is a process, and one that never ends must not be started again.
  let asking: Promise<Credentials> | null = null;
  return {
    server,
    credentials: () => {
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
    renew: () => {
      // What is being asked for is not old.
      if (asking === null) current = null;
    },
  };
}

async function load(files: readonly string[], optional: boolean, context: string | null): Promise<KubeConfig> {
  const client = await import('@kubernetes/client-node');
  const merged = new client.KubeConfig();
  let current = '';
  let found = false;
  for (const file of files) {
    const text = await read(file, optional);
    if (text === null) continue;
    found = true;
    const one = new client.KubeConfig();
    let raw: unknown;
    try {
      raw = parse(text);
      if (!isRecord(raw)) throw new Error('it is empty, or no map');
      one.loadFromString(text);
      one.makePathsAbsolute(dirname(resolve(file)));
    } catch (error) {
      throw new AccessError(file, `is no usable kubeconfig: ${withoutQuotation(error)}`, REMEDY);
    }
    current ||= one.getCurrentContext();
    const users = withTokenFiles(one.getUsers(), raw, dirname(resolve(file)));
    merged.loadFromOptions({
      clusters: firstOfEach(merged.getClusters(), one.getClusters()),
      contexts: firstOfEach(merged.getContexts(), one.getContexts()),
      users: firstOfEach(merged.getUsers(), users),
      currentContext: current,
    });
  }
  const place = files.join(delimiter);
  if (!found) throw new AccessError(place, 'there is no such file, and this is no Pod of a cluster', REMEDY);
  choose(merged, context ?? current, place);
  return merged;
}

function choose(config: KubeConfig, context: string, place: string): void {
  const known = config.getContexts().map(({ name }) => name);
  const choice = known.length === 0 ? 'it has no context' : `one of ${known.join(', ')}`;
  if (!context) throw new AccessError(place, 'no context is chosen', `write current-context, or --context: ${choice}`);
  if (!known.includes(context)) throw new AccessError(place, `there is no context ${context}`, choice);
  config.setCurrentContext(context);
}

async function read(file: string, optional: boolean): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (optional && error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const { reason, remedy } = readFailure(error, 'file', REMEDY);
    throw new AccessError(file, `cannot be read: ${reason}`, remedy);
  }
}

/** `tokenFile` of a user, which client-node knows only as `authProvider`. It is read again every minute. */
function withTokenFiles(users: ReturnType<KubeConfig['getUsers']>, raw: unknown, folder: string) {
  const files = new Map(
    asList(asRecord(raw)['users']).map((user) => [
      asRecord(user)['name'],
      asRecord(asRecord(user)['user'])['tokenFile'],
    ]),
  );
  return users.map((user) => {
    const file = files.get(user.name);
    if (typeof file !== 'string' || user.token) return user;
    return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, file) } } };
  });
}

function firstOfEach<T extends { readonly name: string }>(before: readonly T[], more: readonly T[]): T[] {
  return [...before, ...more.filter(({ name }) => !before.some((one) => one.name === name))];
}

/** Parsers' messages quote what they could not read, which may be a secret: YAML's from the second line on, JSON's at once. */
function withoutQuotation(error: unknown): string {
  if (error instanceof SyntaxError) return 'what the plugin has printed is not valid JSON';
  const message = errorText(error);
  return message.split('\n')[0] ?? '';
}
