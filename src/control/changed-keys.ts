import { isDeepStrictEqual } from 'node:util';
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
    return isSection(old) && isSection(value) && parent === '' ? different(old, value, `${key}.`) : [`${parent}${key}`];
  });
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
