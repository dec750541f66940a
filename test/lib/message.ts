/** What a response's framing depends on besides its own head. */
export interface RequestSide {
  readonly method?: string;
}

/** A message as a strict reader sees it. */
export interface Message {
  /** Start line and fields as they came. */
  readonly head: string;
  readonly startLine: string;
  /** 0 in a request. */
  readonly status: number;
  /** Names in lower case, values without whitespace around them, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** A number: Content-Length, 0 where there is no body. */
  readonly framing: number | 'chunked' | 'close';
  body: Buffer;
  /** Sizes of the chunks of a chunked body, the last 0 included. */
  readonly chunks: number[];
}

/** Reads a complete head; throws at what no strict reader takes. */
export function parseHead(head: string, side: 'request' | RequestSide): Message {
  const [startLine = '', ...lines] = head.slice(0, -4).split('\r\n');
  const fields = lines.map((line): [string, string] => {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/s.exec(line);
    if (match === null) throw new Error(`not a field line: ${JSON.stringify(line)}`);
    return [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
  });
  const status = side === 'request' ? 0 : statusOf(startLine);
  const framing = side === 'request' ? requestFraming(fields) : responseFraming(fields, status, side);
  return { head, startLine, status, fields, framing, body: Buffer.alloc(0), chunks: [] };
}

/** The values of a field in order, empty when it is not there. */
export function valuesOf(message: { readonly fields: Message['fields'] }, name: string): string[] {
  return message.fields.filter(([field]) => field === name).map(([, value]) => value);
}

function statusOf(line: string): number {
  const match = /^HTTP\/1\.1 ([1-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*$/.exec(line);
  if (match === null) throw new Error(`not a status line: ${JSON.stringify(line)}`);
  return Number(match[1]);
}

function requestFraming(fields: Message['fields']): Message['framing'] {
  return lengthOrChunked(fields) ?? 0;
}

function responseFraming(fields: Message['fields'], status: number, { method }: RequestSide): Message['framing'] {
  const framing = lengthOrChunked(fields);
  if (status < 200 || status === 204) {
    if (framing !== null) throw new Error(`${status} with framing`);
    return 0;
  }
  if (method === 'HEAD' || status === 304) return 0;
  return framing ?? 'close';
}

function lengthOrChunked(fields: Message['fields']): Message['framing'] | null {
  const lengths = valuesOf({ fields }, 'content-length');
  const codings = valuesOf({ fields }, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Error('more than one framing');
  const [length] = lengths;
  if (length !== undefined) {
    if (!/^[0-9]+$/.test(length)) throw new Error(`not a Content-Length: ${length}`);
    return Number(length);
  }
  const [coding] = codings;
  if (coding === undefined) return null;
  if (coding.toLowerCase() !== 'chunked') throw new Error(`not chunked: ${coding}`);
  return 'chunked';
}
