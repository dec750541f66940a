/**
 * A small slow reader of HTTP/1 that follows RFC 9112 line by line and shares nothing with `src/http1`: the third opinion. Where the
 * RFC leaves a choice, the comment names the choice that Headgate documents.
 */

export type FieldLine = readonly [name: string, value: string];

/** The bytes so far can still become valid, are valid up to `end`, or can never be. */
export type Read<T> =
  | { readonly is: 'incomplete' }
  | { readonly is: 'refused' }
  | { readonly is: 'complete'; readonly end: number; readonly value: T };

export const INCOMPLETE: { readonly is: 'incomplete' } = { is: 'incomplete' };
export const REFUSED: { readonly is: 'refused' } = { is: 'refused' };

const TCHAR = "!#$%&'*+\\-.^_`|~0-9A-Za-z";
const TEXT = '\\t\\x20-\\x7e\\x80-\\xff';
export const TOKEN = new RegExp(`^[${TCHAR}]+$`);

/**
 * Reads a line that ends with CRLF (RFC 9112 2.2; a bare LF is refused). `whole` is its grammar; `begun` matches whatever can
 * still become a line, its CR included.
 */
export function readLine(text: string, at: number, whole: RegExp, begun: RegExp): Read<RegExpExecArray> {
  const lf = text.indexOf('\n', at);
  if (lf < 0) return begun.test(text.slice(at)) ? INCOMPLETE : REFUSED;
  if (lf === at || text[lf - 1] !== '\r') return REFUSED;
  const value = whole.exec(text.slice(at, lf - 1));
  return value === null ? REFUSED : { is: 'complete', end: lf + 1, value };
}

const FIELD = new RegExp(`^(?:([${TCHAR}]+):[ \\t]*([${TEXT}]*?)[ \\t]*)?$`);
const FIELD_BEGUN = new RegExp(`^(?:[${TCHAR}]*|[${TCHAR}]+:[${TEXT}]*\\r?|\\r)$`);

/** Field lines through the empty line (RFC 9112 5; obs-fold is refused). Names come in lower case. */
export function readFields(text: string, start: number): Read<FieldLine[]> {
  const fields: FieldLine[] = [];
  for (let at = start; ; ) {
    const line = readLine(text, at, FIELD, FIELD_BEGUN);
    if (line.is !== 'complete') return line;
    at = line.end;
    const [, name, value = ''] = line.value;
    if (name === undefined) return { is: 'complete', end: at, value: fields };
    fields.push([name.toLowerCase(), value]);
  }
}

export function valuesOf(fields: readonly FieldLine[], name: string): string[] {
  return fields.filter(([field]) => field === name).map(([, value]) => value);
}

/** The members of a list field's lines (RFC 9110 5.6.1), in lower case, empty ones left out. */
export function membersOf(fields: readonly FieldLine[], name: string): string[] {
  return valuesOf(fields, name)
    .flatMap((value) => value.split(','))
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase())
    .filter((member) => member !== '');
}

export type Framing = number | 'chunked' | 'none' | 'refused';

/**
 * RFC 9112 6. Headgate refuses what the RFC lets a recipient repair: several Content-Length fields even if equal, and empty members
 * of Transfer-Encoding. Another coding than chunked alone is refused too, with 400 or 501 (502 in a response).
 */
export function framingOf(fields: readonly FieldLine[], minor: number): Framing {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length > 1 || lengths.some((length) => !/^[0-9]+$/.test(length))) return 'refused';
  const [length] = lengths;
  if (length !== undefined && BigInt(length) > BigInt(Number.MAX_SAFE_INTEGER)) return 'refused';
  if (codings.length === 0) return length === undefined ? 'none' : Number(length);
  if (length !== undefined || minor === 0 || codings.length > 1) return 'refused';
  return codings[0]?.toLowerCase() === 'chunked' ? 'chunked' : 'refused';
}

const CHUNK = new RegExp(`^([0-9a-fA-F]{1,16})(?:;[${TEXT}]*)?$`);
const CHUNK_BEGUN = new RegExp(`^(?:[0-9a-fA-F]{0,16}|[0-9a-fA-F]{1,16}(?:;[${TEXT}]*)?\\r?)$`);

/** A chunked body (RFC 9112 7.1), no whitespace around its sizes. The value is its content; trailers are checked and forgotten. */
export function readChunked(text: string, start: number): Read<string> {
  let content = '';
  for (let at = start; ; ) {
    const line = readLine(text, at, CHUNK, CHUNK_BEGUN);
    if (line.is !== 'complete') return tooLarge(text, at) ? REFUSED : line;
    if (tooLarge(text, at)) return REFUSED;
    at = line.end;
    const size = Number.parseInt(line.value[1] ?? '', 16);
    if (size === 0) {
      const trailers = readFields(text, at);
      return trailers.is === 'complete' ? { is: 'complete', end: trailers.end, value: content } : trailers;
    }
    content += text.slice(at, at + size);
    at += size;
    if (text.length < at + 2) return '\r\n'.startsWith(text.slice(at)) ? INCOMPLETE : REFUSED;
    if (text.slice(at, at + 2) !== '\r\n') return REFUSED;
    at += 2;
  }
}

function tooLarge(text: string, at: number): boolean {
  const [digits] = /^[0-9a-fA-F]*/.exec(text.slice(at, at + 17)) ?? [''];
  return digits !== '' && BigInt(`0x${digits}`) > BigInt(Number.MAX_SAFE_INTEGER);
}
