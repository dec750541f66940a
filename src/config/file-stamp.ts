import { stat } from 'node:fs/promises';

/**
 * A short text that changes whenever the file behind `path` does. Symbolic links are followed, so that the swap by which
 * Kubernetes updates a mounted ConfigMap is seen, as is an editor that writes a new file and renames it. Empty: there is
 * no such file.
 */
export async function fileStamp(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch {
    return '';
  }
}
