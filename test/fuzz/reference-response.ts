import { endToEnd } from './reference-request.ts';
import {
  type FieldLine,
  framingOf,
  membersOf,
  REFUSED,
  type Read,
  readChunked,
  readFields,
  readLine,
  valuesOf,
} from './reference-syntax.ts';

export interface ReferenceHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: number;
  readonly fields: readonly FieldLine[];
}

/** What a proxy is to make of all that an upstream sends until its FIN in answer to one request. */
export interface ReferenceResponse {
  /** 1xx heads before the final one. */
  readonly interim: readonly ReferenceHead[];
  /** Null: there is no final response that a proxy could pass on. */
  readonly head: ReferenceHead | null;
  readonly framing: number | 'none' | 'chunked' | 'close';
  /** Null: it stops before its end, or can never have one. */
  readonly body: string | null;
  /** Bytes behind the end, which belong to nobody. */
  readonly extra: string;
}

const LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const NOTHING = { head: null, framing: 'none', body: null, extra: '' } as const;

/** Reads the response to a request of `method` (RFC 9112 6.3) that did not ask for another protocol. */
export function readResponse(text: string, method: string): ReferenceResponse {
  const interim: ReferenceHead[] = [];
  for (let at = 0; ; ) {
    const read = readHead(text, at);
    if (read.is !== 'complete') return { interim, ...NOTHING };
    const head = read.value;
    at = read.end;
    // RFC 9110 15.2.2: nobody asked for it.
    if (head.status === 101) return { interim, ...NOTHING };
    if (head.status >= 200) return { interim, head, ...readBody(text, at, head, method) };
    interim.push(head);
  }
}

function readHead(text: string, at: number): Read<ReferenceHead> {
  const line = readLine(text, at, LINE, /^/);
  if (line.is !== 'complete') return line;
  const fields = readFields(text, line.end);
  if (fields.is !== 'complete') return fields;
  const [, minorDigit, status, reason = ''] = line.value;
  const minor = Number(minorDigit);
  if (framingOf(fields.value, minor) === 'refused' || membersOf(fields.value, 'connection').length > 64) return REFUSED;
  return { is: 'complete', end: fields.end, value: { status: Number(status), reason, minor, fields: fields.value } };
}

function readBody(
  text: string,
  at: number,
  { status, fields, minor }: ReferenceHead,
  method: string,
): Pick<ReferenceResponse, 'framing' | 'body' | 'extra'> {
  const framing = framingOf(fields, minor);
  if (method === 'HEAD' || status === 204 || status === 304)
    return { framing: 'none', body: '', extra: text.slice(at) };
  if (framing === 'none' || framing === 'refused') return { framing: 'close', body: text.slice(at), extra: '' };
  if (framing === 'chunked') {
    const read = readChunked(text, at);
    if (read.is !== 'complete') return { framing, body: null, extra: '' };
    return { framing, body: read.value, extra: text.slice(read.end) };
  }
  const end = at + framing;
  if (end > text.length) return { framing, body: null, extra: '' };
  return { framing, body: text.slice(at, end), extra: text.slice(end) };
}

/** A 1xx as an HTTP/1.1 client sees it. */
export function interimFields({ fields }: ReferenceHead): FieldLine[] {
  // RFC 9110 8.6 and RFC 9112 6.1: 1xx and 204 have neither.
  return endToEnd(fields, false).filter(([name]) => name !== 'content-length');
}

/** The final response's fields as a client must see them; a Date that Headgate adds has no value here. */
export function finalFields(
  head: ReferenceHead,
  framing: ReferenceResponse['framing'],
  client: { readonly http10: boolean; readonly keepAlive: boolean },
): FieldLine[] {
  const unframed = framing === 'chunked' || framing === 'close';
  const chunked = unframed && !client.http10;
  const sent = endToEnd(head.fields, false).filter(
    ([name]) => name !== 'content-length' || (!chunked && head.status !== 204),
  );
  sent.push(['via', `1.${head.minor} headgate`]);
  if (valuesOf(head.fields, 'date').length === 0) sent.push(['date', '']);
  if (chunked) sent.push(['transfer-encoding', 'chunked']);
  if (!client.keepAlive) sent.push(['connection', 'close']);
  else if (client.http10) sent.push(['connection', 'keep-alive']);
  return sent;
}
