import { Refusal } from './refusal.ts';
import { parseText, TOKEN } from './values.ts';

/**
 * What RFC 9110 6.5.1 keeps out of trailer sections, and why: whoever acts on such a field has decided before the trailers come,
 * or decides anew when somebody merges them into the headers.
 */
const FORBIDDEN: readonly (readonly [why: string, names: readonly string[]])[] = [
  [
    'says where a message ends or concerns one connection only',
    [
      'transfer-encoding',
      'content-length',
      'connection',
      'keep-alive',
      'proxy-connection',
      'te',
      'trailer',
      'upgrade',
      'http2-settings',
    ],
  ],
  ['says where a request goes, or where it comes from', ['host', 'via', 'forwarded', 'x-real-ip']],
  [
    'changes what a request asks for',
    [
      'cache-control',
      'expect',
      'if-match',
      'if-modified-since',
      'if-none-match',
      'if-range',
      'if-unmodified-since',
      'max-forwards',
      'pragma',
      'range',
    ],
  ],
  [
    'says who somebody is',
    ['authorization', 'cookie', 'proxy-authenticate', 'proxy-authorization', 'set-cookie', 'www-authenticate'],
  ],
  ['says what to do with a response', ['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning']],
  [
    'says how to read the body',
    ['content-encoding', 'content-range', 'content-type', 'content-disposition', 'content-location'],
  ],
];

/** The name of a field that is passed on in trailer sections; lower-cased. */
export function parseTrailerName(value: unknown): string {
  const text = parseText(value);
  if (text === '*') throw new Refusal('is no wildcard here: "*"', 'write each name, such as server-timing');
  if (!TOKEN.test(text)) {
    throw new Refusal(`is not a field name: ${JSON.stringify(text)}`, 'write the name alone, such as server-timing');
  }
  const name = text.toLowerCase();
  // Some applications see no difference between the two.
  const plain = name.replaceAll('_', '-');
  const why = plain.startsWith('x-forwarded-')
    ? 'says where a request goes, or where it comes from'
    : FORBIDDEN.find(([, names]) => names.includes(plain))?.[0];
  if (why === undefined) return name;
  throw new Refusal(`cannot be a trailer, as it ${why}: ${name}`, 'remove it; RFC 9110 6.5.1 has the rule');
}
