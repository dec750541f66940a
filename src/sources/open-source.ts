import type { SourceConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import { FilesSource } from './files.ts';
import { openAccess } from './kubernetes/open-access.ts';
import { KubernetesSource } from './kubernetes.ts';
import type { Source } from './source.ts';

export interface OpenSourceOptions {
  /** Reads what there is now and watches nothing; an API server that cannot be reached is an error. */
  readonly once?: boolean;
  /** Takes each new problem that the source's start is waiting for. */
  readonly onWaiting?: (problem: Problem) => void;
}

/** The source that a configuration names. It has to be started. */
export function openSource(config: SourceConfig, options: OpenSourceOptions = {}): Source {
  if ('files' in config) return new FilesSource(config.files);
  const { namespaces, kubeconfig, context } = config.kubernetes;
  return new KubernetesSource({ ...options, namespaces, access: () => openAccess({ kubeconfig, context }) });
}
