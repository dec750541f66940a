import { Field, type FieldBlock } from '../http1/fields.ts';
import { listMembers } from '../http1/list-members.ts';
import type { TrailerNames } from '../http1/trailer-names.ts';

/** A member of a list, its weight apart: `trailers;q=0.5` asks for them too. */
const TRAILERS = /^trailers[ \t]*(?:;|$)/i;

/** `te: trailers`, where these fields say that trailers are understood (RFC 9110 10.1.4); Connection has to list it. Else empty. */
export function teLines(bytes: Buffer, fields: FieldBlock): string {
  return listMembers(bytes, fields, Field.TE).some((member) => TRAILERS.test(member))
    ? 'te: trailers\r\nconnection: te\r\n'
    : '';
}

/** A Trailer field with what of these fields' Trailer is passed on (RFC 9110 6.6.2), or empty. */
export function trailerLine(bytes: Buffer, fields: FieldBlock, names: TrailerNames): string {
  const announced = listMembers(bytes, fields, Field.TRAILER).filter((name) => {
    const text = Buffer.from(name, 'latin1');
    return names.includes(text, 0, text.length);
  });
  return announced.length === 0 ? '' : `trailer: ${announced.join(', ')}\r\n`;
}
