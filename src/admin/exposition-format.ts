import type { ExpositionFormat } from '../telemetry/exposition.ts';

interface MediaRange {
  /** In lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly q: number;
  readonly place: number;
}

/**
 * Which exposition a client wants (RFC 9110 12.5.1). Protobuf is for those that name it with the message and the encoding
 * that there are, and rank it before text, or level with it and first; everybody else gets text.
 * @param accept the value of the header field, anything
 */
export function expositionFormat(accept: string): ExpositionFormat {
  const ranges = accept.split(',').map(parseRange);
  const protobuf = best(ranges.filter(isProtobuf));
  if (protobuf === null || protobuf.q === 0) return 'text';
  const text = textRange(ranges);
  if (text === null || text.q < protobuf.q) return 'protobuf';
  return text.q === protobuf.q && protobuf.place < text.place ? 'protobuf' : 'text';
}

function parseRange(range: string, place: number): MediaRange {
  const [type = '', ...rest] = range.split(';').map((part) => part.trim());
  const parameters = new Map(
    rest.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=', 2).map((part) => part.trim());
      return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')];
    }),
  );
  const q = parameters.get('q');
  return { type: type.toLowerCase(), parameters, q: q === undefined ? 1 : quality(q), place };
}

/** What is no quality counts as 0: nobody gets a format on account of a mistake. */
function quality(text: string): number {
  const value = Number(text);
  return text !== '' && value >= 0 && value <= 1 ? value : 0;
}

function isProtobuf({ type, parameters }: MediaRange): boolean {
  return (
    type === 'application/vnd.google.protobuf' &&
    parameters.get('proto') === 'io.prometheus.client.MetricFamily' &&
    parameters.get('encoding') === 'delimited'
  );
}

/** The most specific range counts, whatever the others say. */
function textRange(ranges: readonly MediaRange[]): MediaRange | null {
  const plain = ranges.filter(
    ({ type, parameters }) => type === 'text/plain' && (parameters.get('version') ?? '0.0.4') === '0.0.4',
  );
  return (
    best(plain) ??
    best(ranges.filter(({ type }) => type === 'text/*')) ??
    best(ranges.filter(({ type }) => type === '*/*'))
  );
}

function best(ranges: readonly MediaRange[]): MediaRange | null {
  return ranges.reduce<MediaRange | null>(
    (found, range) => (found === null || range.q > found.q ? range : found),
    null,
  );
}
