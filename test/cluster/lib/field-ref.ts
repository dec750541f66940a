import type { Pod } from './objects.ts';

/** The value of a downward API path such as `metadata.labels['app']`; '' where the Pod has none. */
export function fieldRef(pod: Pod, ip: string, path: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (key !== undefined) return pod.metadata[map === 'labels' ? 'labels' : 'annotations']?.[key] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'status.podIP':
    case 'status.podIPs':
      return ip;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    default:
      throw new Error(`the pod runner does not know the field ${path}`);
  }
}
