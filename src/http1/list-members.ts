import type { FieldBlock } from './fields.ts';

/** The members of the list that all fields with this id make together, without blanks around them (RFC 9110 5.6.1: none is empty). */
export function listMembers(buffer: Buffer, fields: FieldBlock, id: number): string[] {
  const { base, count, ids, positions } = fields;
  const members: string[] = [];
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    if (ids[i] !== id) continue;
    const value = buffer.toString('latin1', base + (positions[at + 2] ?? 0), base + (positions[at + 3] ?? 0));
    for (const text of value.split(',')) {
      const member = text.trim();
      if (member !== '') members.push(member);
    }
  }
  return members;
}
