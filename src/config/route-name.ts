import { asRecord } from '../common/records.ts';

/**
 * The name of a route as it was written, before or after validation; where it was not, the Rollout's name without its
 * namespace, or for static versions the path with `-` for `/` (`/plain/v2` -> `plain-v2`; `/` -> `default`). Null: it
 * has none of these in a usable form.
 */
export function routeName(route: unknown): string | null {
  const fields = asRecord(route);
  const { name, rollout, path = '/' } = fields;
  if (name !== undefined) return typeof name === 'string' ? name : null;
  if (rollout !== undefined) return typeof rollout === 'string' ? rollout.slice(rollout.indexOf('/') + 1) : null;
  if (typeof path !== 'string') return null;
  const words = path.split(/[^A-Za-z0-9._]+/).filter((word) => word !== '');
  return words.join('-').replace(/^[._]+|[._]+$/g, '') || 'default';
}
