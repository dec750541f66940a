import type { SourceConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import type { Source } from './source.ts';

export interface OpenSourceOptions {
  /** Reads what there is now and watches nothing; an API server that cannot be reached is an error. */
  readonly once?: boolean;
  /** Takes each new problem that the source's start is waiting for. */
  readonly onWaiting?: (problem: Problem) => void;
}

/** The source that a configuration names. It has to be started. Only what it needs is loaded: HTTPS alone costs 7 MB. */
export async function openSource(config: SourceConfig, options: OpenSourceOptions = {}): Promise<Source> {
  if ('files' in config) {
    const { FilesSource } = await import('./files.ts');
    return new FilesSource(config.files);
  }
  const [{ KubernetesSource }, { openAccess }] = await Promise.all([
    import('./kubernetes.ts'),
    import('./kubernetes/open-access.ts'),
  ]);
  const { namespaces, kubeconfig, context } = config.kubernetes;
  return new KubernetesSource({ ...options, namespaces, access: () => openAccess({ kubeconfig, context }) });
}
