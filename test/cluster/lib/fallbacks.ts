import type { HeadgateDeployment } from './headgate-deployment.ts';

const SAMPLE = /^headgate_fallback_total\{(?<labels>.*)\} (?<value>\d+)$/gm;

/**
 * How many requests another version than the one asked for has answered, all ready replicas together, each as
 * `canary to stable: no_endpoints`.
 */
export async function fallbacks(proxy: HeadgateDeployment): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const text of await proxy.ask('/metrics')) {
    for (const { groups } of text.matchAll(SAMPLE)) {
      const label = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(groups?.['labels'] ?? '')?.[1] ?? '';
      const key = `${label('from')} to ${label('to')}: ${label('reason')}`;
      counts[key] = (counts[key] ?? 0) + Number(groups?.['value']);
    }
  }
  return counts;
}
