import type { Problem } from '../../model/problem.ts';
import type { Failure } from './failure.ts';
import type { Kind } from './kinds.ts';

/** A collection that is not up to date. */
export interface Failed {
  readonly kind: Kind;
  /** Null: all. */
  readonly namespace: string | null;
  /** It was read before, so there is something that stays in force. */
  readonly listed: boolean;
  readonly failure: Failure;
}

/** Where the source stands in the configuration. */
const PLACE = 'source.kubernetes';

/**
 * What is told of the collections that cannot be read, in their order. What concerns the server as a whole is told once,
 * in the words of the first, which stay the same for as long as the problem does.
 */
export class KubernetesProblems {
  readonly #server: string;
  readonly #once: boolean;
  #first: ReadonlyMap<string, Failure> = new Map();

  /** @param once nothing is tried again, so no remedy says it is */
  constructor(server: string, once: boolean) {
    this.#server = server;
    this.#once = once;
  }

  /** @param synced there is a table that stays in force */
  of(failed: readonly Failed[], synced: boolean): readonly Problem[] {
    const first = new Map<string, Failure>();
    const problems = new Map<string, Problem>();
    const bare = failed.some(({ kind, failure }) => failure.kind === 'absent' && kind.group === '');
    for (const one of failed) {
      const key = topic(one);
      if (first.has(key)) continue;
      const failure = this.#first.get(key) ?? one.failure;
      first.set(key, failure);
      problems.set(key, { place: PLACE, ...this.#told({ ...one, failure }, synced, bare) });
    }
    this.#first = first;
    return Object.freeze([...problems.values()]);
  }

  /** @param bare the server lacks what every Kubernetes API has */
  #told(one: Failed, synced: boolean, bare: boolean): Omit<Problem, 'place'> {
    const { detail, kind } = one.failure;
    const server = `the API server at ${this.#server}`;
    const once = this.#once;
    const until = synced ? '; the last table stays in force' : '; nothing is routed until it answers';
    const meanwhile = once ? '' : until;
    switch (kind) {
      case 'forbidden':
        return forbidden(one);
      case 'absent':
        return absent(one, bare, once);
      case 'unreachable':
        return {
          message: `cannot reach ${server}: ${detail}${meanwhile}`,
          remedy: one.failure.stale
            ? 'its certificate is not trusted: check certificate-authority in the kubeconfig (in a cluster: ca.crt of the service account)'
            : again(
                once,
                'it is tried again until it answers',
                'check that it runs and that the network lets Headgate reach it',
              ),
        };
      case 'unauthorized':
        return {
          message: `${server} does not accept the credentials (${detail})${meanwhile}`,
          remedy: `renew the token or certificate of the kubeconfig (in a cluster: restart the Pod)${once ? '' : '; it is read again before each attempt'}`,
        };
      case 'credentials':
        return {
          message: `there are no credentials for ${server}: ${detail}${meanwhile}`,
          remedy: `mend what gives them${once ? '' : '; it is tried again until it does'}`,
        };
      case 'gone':
      case 'refused':
        return {
          message: `${server} does not give what it is asked for (${detail})${meanwhile}`,
          remedy: again(once, 'it is tried again until it does', "the reason is in the API server's log"),
        };
      default:
        return {
          message: `${server} sends what is no Kubernetes API (${detail})${meanwhile}`,
          remedy: 'check the address, and any proxy in between',
        };
    }
  }
}

function again(once: boolean, what: string, remedy: string): string {
  return once ? remedy : `${what}; ${remedy}`;
}

/** Failures of the same topic have the same cause. */
function topic({ failure, kind, namespace }: Failed): string {
  if (failure.kind === 'absent') return `absent ${kind.resource}`;
  return failure.kind === 'forbidden' ? `forbidden ${kind.resource} ${namespace ?? ''}` : failure.kind;
}

function forbidden({ kind, namespace, listed, failure }: Failed): Omit<Problem, 'place'> {
  const rule = `{ apiGroups: ["${kind.group}"], resources: [${kind.resource}], verbs: [get, list, watch] }`;
  const who = /User "([^"]+)"/.exec(failure.detail)?.[1] ?? "Headgate's user";
  const meanwhile = listed ? 'what was known of them stays in force' : 'they are left out';
  const message = `no permission to read ${many(kind)}${where(namespace)} (${failure.detail}); ${meanwhile}`;
  const remedy =
    namespace === null
      ? `bind ${who} to a ClusterRole with the rule ${rule}, or name the namespaces to read, with --namespace or in source.kubernetes.namespaces`
      : `bind ${who} to a Role in ${namespace} with the rule ${rule}`;
  return { message, remedy };
}

function absent({ kind, listed, failure }: Failed, bare: boolean, once: boolean): Omit<Problem, 'place'> {
  const meanwhile = listed ? 'what was known of them stays in force' : 'they are left out';
  const address = 'check that the address is that of a Kubernetes API';
  if (kind.group === '') {
    return { message: `the API server has no ${many(kind)} (${failure.detail}); ${meanwhile}`, remedy: address };
  }
  const install = `install Argo Rollouts with its CustomResourceDefinitions${once ? '' : '; Headgate looks again and needs no restart'}`;
  return {
    message: `the kind ${kind.kind} (${kind.resource}.${kind.group}) is not installed; ${meanwhile}`,
    remedy: bare ? `${address}: it does not know Services or Pods either` : install,
  };
}

const many = ({ kind }: Kind) => `${kind}s`;
const where = (namespace: string | null) => (namespace === null ? ' in all namespaces' : ` in namespace ${namespace}`);
