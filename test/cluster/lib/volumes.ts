import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Api } from './api.ts';
import { fieldRef } from './field-ref.ts';
import type { KeyToPath, Pod, Volume } from './objects.ts';

/** Writes a Pod's volumes into folders, as a kubelet does; the token is one of its own service account, bound to it. */
export async function writeVolumes(api: Api, pod: Pod, ip: string, folder: string): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const files = await contents(api, pod, ip, volume);
    mkdirSync(join(folder, volume.name), { recursive: true });
    for (const [path, text] of files) {
      const file = join(folder, volume.name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

type Files = readonly (readonly [path: string, text: string])[];

async function contents(
  api: Api,
  pod: Pod,
  ip: string,
  { name, emptyDir, configMap, projected }: Volume,
): Promise<Files> {
  if (emptyDir !== undefined) return [];
  if (configMap !== undefined) return configMapFiles(api, configMap.name, configMap.items);
  if (projected === undefined) throw new Error(`the pod runner does not know the kind of the volume ${name}`);
  const files: (readonly [string, string])[] = [];
  for (const { serviceAccountToken, configMap: map, downwardAPI } of projected.sources) {
    if (serviceAccountToken !== undefined)
      files.push([serviceAccountToken.path, await token(api, pod, serviceAccountToken)]);
    if (map !== undefined) files.push(...(await configMapFiles(api, map.name, map.items)));
    for (const { path, fieldRef: field } of downwardAPI?.items ?? [])
      files.push([path, fieldRef(pod, ip, field.fieldPath)]);
  }
  return files;
}

async function configMapFiles(api: Api, name: string, items: readonly KeyToPath[] | undefined): Promise<Files> {
  // kube-root-ca.crt comes a moment after its namespace.
  const { data = {} } = await api.retry(() => api.get('ConfigMap', name));
  return Object.entries(data).flatMap(([key, text]) => {
    if (items === undefined) return [[key, text] as const];
    return items.filter((item) => item.key === key).map(({ path }) => [path, text] as const);
  });
}

async function token(
  api: Api,
  pod: Pod,
  { audience, expirationSeconds = 3600 }: { audience?: string; expirationSeconds?: number },
): Promise<string> {
  const { name, uid } = pod.metadata;
  const answer = await api.post('ServiceAccount', pod.spec.serviceAccountName ?? 'default', 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      expirationSeconds,
      ...(audience === undefined ? {} : { audiences: [audience] }),
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  });
  return (answer as { status: { token: string } }).status.token;
}
