import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * A short text that changes whenever the file behind `path` does. Symbolic links are followed, so that the swap by which
 * Kubernetes updates a mounted ConfigMap is seen, as is an editor that writes a new file and renames it. Empty: there is
 * no such file.
 */
export async function fileStamp(path: string): Promise<string> {
  try {
    return written(await stat(path, { bigint: true }));
  } catch {
    return '';
  }
}

/** The same for one who reads the file at once. */
export function fileStampNow(path: string): string {
  try {
    return written(statSync(path, { bigint: true }));
  } catch {
    return '';
  }
}

function written({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}
