import { writeFileSync } from 'node:fs';
import type { ClusterAddress } from './connection.ts';

/** Writes a kubeconfig with one context, `cluster-test`. */
export function writeKubeconfig(file: string, { server, ca, token }: ClusterAddress): void {
  const name = 'cluster-test';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
}
