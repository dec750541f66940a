import type { Target } from '../../src/routing/table.ts';
import { load, rolloutRoute, rule } from './match-tables.ts';
import { request } from './requests.ts';

export const STABLE = 'shop/talana/5d8c';
export const CANARY = 'shop/talana/7f9b';
export const BLUE = 'shop/ab/blue';
export const GREEN = 'shop/ab/green';
export const ASKED = request('/', 'x-v: 1');
export const PLAIN = request('/');

/** A route whose header x-v leads to this target. */
export function ruled(to: Target) {
  return load(rolloutRoute({ rules: [rule('x-v', { kind: 'present' }, to)] }));
}
