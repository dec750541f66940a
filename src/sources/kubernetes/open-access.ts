import type { Access } from './access.ts';
import { defaultKubeconfigs, kubeconfigAccess } from './kubeconfig.ts';
import { serviceAccountAccess } from './service-account.ts';

export interface AccessOptions {
  /** A file; null: the service account of this Pod, or else what kubectl would take. */
  readonly kubeconfig: string | null;
  /** Null: the kubeconfig's current one. */
  readonly context: string | null;
}

/** @throws AccessError when there is no cluster */
export async function openAccess({ kubeconfig, context }: AccessOptions): Promise<Access> {
  if (kubeconfig !== null) return kubeconfigAccess([kubeconfig], false, context);
  const inCluster = context === null ? serviceAccountAccess() : null;
  return inCluster ?? kubeconfigAccess(defaultKubeconfigs(), true, context);
}
