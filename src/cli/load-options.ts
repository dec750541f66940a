import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { type Loaded, loadConfig, parseConfig } from '../config/load.ts';
import type { SourceOptions } from './source-options.ts';

/**
 * @returns what to route, and the file to watch, which is null when there is none
 * @throws ConfigError when the file has mistakes
 */
export async function loadOptions(options: SourceOptions): Promise<{ config: Config; loaded: Loaded | null }> {
  const source = options.kubernetes === true ? { kubernetes: kubernetesOf(options) } : undefined;
  if (options.config !== undefined) {
    const loaded = await loadConfig(options.config, source);
    return { config: loaded.config, loaded };
  }
  // The kubelet and Prometheus ask at the Pod's address. Elsewhere the admin server is for this machine.
  const inCluster = process.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  const text = inCluster ? 'admin: { address: 0.0.0.0, port: 8081 }' : '';
  return { config: parseConfig(text, '--kubernetes', source), loaded: null };
}

function kubernetesOf({ namespace, kubeconfig, context }: SourceOptions): object {
  return {
    ...(namespace !== undefined && { namespaces: [...new Set(namespace)] }),
    // Relative to where the command was given, not to the configuration file.
    ...(kubeconfig !== undefined && { kubeconfig: resolve(kubeconfig) }),
    ...(context !== undefined && { context }),
  };
}
