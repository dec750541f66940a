import { equal } from 'node:assert/strict';
import type { FieldBlock } from '../../src/http1/fields.ts';
import { COMPLETE, INVALID, type ParseStatus } from '../../src/http1/parse-status.ts';

interface Head {
  readonly reason: string | null;
  readonly fields: FieldBlock;
}

/** Throws unless two parses of the same bytes, divided otherwise, came out the same. @param meaning what a head says besides its fields */
export function compareHeads<H extends Head>(
  status: ParseStatus,
  one: H,
  other: H,
  meaning: (head: H) => readonly (number | boolean)[],
): void {
  if (status === INVALID) equal(other.reason, one.reason, 'the same reason however the bytes come');
  if (status !== COMPLETE) return;
  const expected = meaning(one);
  for (const [i, value] of meaning(other).entries()) equal(value, expected[i], 'the same head however the bytes come');
  for (let i = 0; i < 4 * one.fields.count; i += 1) equal(other.fields.positions[i], one.fields.positions[i]);
  for (let i = 0; i < one.fields.count; i += 1) {
    equal(other.fields.ids[i], one.fields.ids[i]);
    equal(other.fields.drop[i], one.fields.drop[i]);
  }
}
