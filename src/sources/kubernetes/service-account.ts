import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { readFailure } from '../../common/read-failure.ts';
import type { Access } from './access.ts';
import { CredentialsError } from './credentials-error.ts';

/** Where the kubelet mounts it. */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The service account of the Pod that this process runs in; null when it runs in none. Token and authority are read for
 * each request, for the kubelet renews them.
 *
 * @kubernetes/client-node can do this too, but would keep an old token for a minute, and loading it costs 0.4 s and 85 MB
 * of memory, which every replica in a cluster would pay.
 */
export function serviceAccountAccess(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  folder = FOLDER,
): Access | null {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (host === '') return null;
  // Connections are few and long; none is kept for later, so that nothing is left at the end.
  const agent = new Agent({ keepAlive: false });
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    credentials: async () => {
      const [token, ca] = await Promise.all([read(join(folder, 'token')), read(join(folder, 'ca.crt'))]);
      return { agent, ca, headers: { authorization: `Bearer ${token.trim()}` } };
    },
    renew: () => undefined,
  };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { reason } = readFailure(error, 'file', '');
    throw new CredentialsError(`${file}: ${reason}; is automountServiceAccountToken switched off?`);
  }
}
