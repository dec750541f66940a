/** One of the kinds that Headgate reads. */
export interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
  /** '' is the core group. */
  readonly group: string;
  /** The name in paths and RBAC rules. */
  readonly resource: string;
  /** Empty: every object. */
  readonly labelSelector: string;
}

const ARGO = { apiVersion: 'argoproj.io/v1alpha1', group: 'argoproj.io', labelSelector: '' };
const CORE = { apiVersion: 'v1', group: '' };

export const KINDS: readonly Kind[] = [
  { ...ARGO, kind: 'Rollout', resource: 'rollouts' },
  { ...ARGO, kind: 'Experiment', resource: 'experiments' },
  { ...CORE, kind: 'Service', resource: 'services', labelSelector: '' },
  // No other Pod can be an endpoint, and a cluster may have many times as many.
  { ...CORE, kind: 'Pod', resource: 'pods', labelSelector: 'rollouts-pod-template-hash' },
];

/** The path of the collection in one namespace, or (null) in all. */
export function collectionPath({ group, apiVersion, resource }: Kind, namespace: string | null): string {
  const root = group === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
  return namespace === null ? `${root}/${resource}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}
