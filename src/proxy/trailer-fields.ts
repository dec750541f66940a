import { Field, type FieldBlock } from '../http1/fields.ts';
import type { TrailerNames } from '../http1/trailer-names.ts';

/** A member of a list, its weight apart: `trailers;q=0.5` asks for them too. */
const TRAILERS = /^trailers[ \t]*(?:;|$)/i;

/** `te: trailers`, where these fields say that trailers are understood (RFC 9110 10.1.4); Connection has to list it. Else empty. */
export function teLines(bytes: Buffer, fields: FieldBlock): string {
  return membersOf(bytes, fields, Field.TE).some((member) => TRAILERS.test(member))
    ? 'te: trailers\r\nconnection: te\r\n'
    : '';
}

/** A Trailer field with what of these fields' Trailer is passed on (RFC 9110 6.6.2), or empty. */
export function trailerLine(bytes: Buffer, fields: FieldBlock, names: TrailerNames): string {
  const announced = membersOf(bytes, fields, Field.TRAILER).filter((name) => {
    const text = Buffer.from(name, 'latin1');
    return names.includes(text, 0, text.length);
  });
  return announced.length === 0 ? '' : `trailer: ${announced.join(', ')}\r\n`;
}

/** The members of all fields with this id. */
function membersOf(bytes: Buffer, fields: FieldBlock, id: number): string[] {
  const { base, count, ids, positions } = fields;
  const members: string[] = [];
  for (let i = 0; i < count; i += 1) {
    if (ids[i] !== id) continue;
    const value = bytes.toString('latin1', base + (positions[4 * i + 2] ?? 0), base + (positions[4 * i + 3] ?? 0));
    members.push(...value.split(',').map((member) => member.trim()));
  }
  return members;
}
