import type { Upstream } from './upstream.ts';

/** A route `/app` with one version that has these upstreams as endpoints. */
export function appRoute(upstreams: readonly Upstream[], more = ''): string {
  const endpoints = upstreams.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
  return `routes:\n  - name: app\n    path: /app\n    versions:\n      stable: { weight: 100, endpoints: [${endpoints}] }\n${more}`;
}
