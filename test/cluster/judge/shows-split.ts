import type { Split } from './split.ts';

/**
 * Whether the answer of the proxy's `/api/table` has this split at the route, and every worker applies that table.
 * A version is named by its hash, its whole key or what its key ends in. One that the split does not name has weight 0.
 */
export function showsSplit(view: unknown, route: string, split: Split): boolean {
  if (!isRecord(view) || !Array.isArray(view['workers']) || !Array.isArray(view['routes'])) return false;
  const applied = view['workers'].every((worker) => isRecord(worker) && worker['generation'] === view['generation']);
  const found = view['routes'].find((candidate) => isRecord(candidate) && candidate['name'] === route);
  if (!applied || !isRecord(found) || !Array.isArray(found['versions'])) return false;
  const shown: Shown[] = [];
  for (const version of found['versions']) {
    if (!isRecord(version)) return false;
    const { key, name, weight } = version;
    if (typeof key !== 'string' || typeof name !== 'string' || typeof weight !== 'number') return false;
    if (weight > 0) shown.push({ key, name, weight });
  }
  const asked = Object.entries(split).filter(([, weight]) => weight > 0);
  if (asked.length !== shown.length) return false;
  const ratio = total(shown.map(({ weight }) => weight)) / total(asked.map(([, weight]) => weight));
  return asked.every(([hash, weight]) =>
    shown.some((version) => isNamed(version, hash) && Math.abs(version.weight - weight * ratio) < 1e-6),
  );
}

interface Shown {
  readonly key: string;
  readonly name: string;
  readonly weight: number;
}

function isNamed({ key, name }: Shown, hash: string): boolean {
  return name === hash || key === hash || key.endsWith(`/${hash}`);
}

function total(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
