import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../common/records.ts';
import type { Config } from '../config/config.ts';

/** The keys, other than `routes`, in which two configurations differ, as they are written: `workers`, `timeouts.idle`. */
export function changedKeys(before: Config, after: Config): string[] {
  return different({ ...before, routes: null }, { ...after, routes: null }, '');
}

function different(before: object, after: object, parent: string): string[] {
  const values = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).flatMap(([key, value]: [string, unknown]) => {
    const old = values.get(key);
    if (isDeepStrictEqual(old, value)) return [];
    return isRecord(old) && isRecord(value) && parent === '' ? different(old, value, `${key}.`) : [`${parent}${key}`];
  });
}
