import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../common/records.ts';
import type { Config } from '../config/config.ts';

/**
 * The keys in which two configurations differ, as they are written: `workers`, `timeouts.idle`. Other than `routes` and the
 * certificates of listeners, which are changed at once.
 */
export function changedKeys(before: Config, after: Config): string[] {
  return different(withoutLive(before), withoutLive(after), '');
}

function withoutLive(config: Config): object {
  const listen = config.listen.map(({ address, port, tls }) => ({ address, port, tls: tls !== null }));
  return { ...config, routes: null, listen };
}

function different(before: object, after: object, parent: string): string[] {
  const values = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).flatMap(([key, value]: [string, unknown]) => {
    const old = values.get(key);
    if (isDeepStrictEqual(old, value)) return [];
    return isRecord(old) && isRecord(value) && parent === '' ? different(old, value, `${key}.`) : [`${parent}${key}`];
  });
}
