import fc from 'fast-check';
import { type Cuts, cuts, mutated, mutation } from './mutations.ts';

/** How an upstream answers one request. */
export interface ResponseCase {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** The client speaks HTTP/1.0, and asks for a connection that stays. */
  readonly http10: boolean;
  /** Latin1. */
  readonly text: string;
  /** The upstream sends all but so many bytes of it. */
  readonly missing: number;
  readonly cuts: Cuts;
  /** It ends the connection also where the response has told its own end. */
  readonly ends: boolean;
}

const LINES = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 900',
  'Content-Length: 3, 3',
  'Content-Length: +5',
  'Content-Length: 99999999999999999999',
  'Content-Length:',
  'Content-Length: 5\t',
  'Transfer-Encoding: chunked',
  'transfer-encoding: CHUNKED',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding:',
  'Connection: close',
  'Connection: keep-alive, x-a',
  'Connection: upgrade',
  'Connection: Set-Cookie, Date, Content-Length',
  'Keep-Alive: timeout=5',
  'Keep-Alive: timeout=0',
  'Upgrade: websocket',
  'Trailer: X-T',
  'Proxy-Connection: close',
  'Date: Thu, 01 Jan 2026 00:00:00 GMT',
  'Server: x',
  'Via: 1.1 a',
  'Set-Cookie: a=b',
  'X-A: 1',
  'x-a : 2',
  ' x-folded',
  'X-A: \xe4\tb',
  'X-Empty:',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 101 Switching Protocols',
  '0',
  '5',
  '',
];

const HARMLESS = [
  'X-A: 1',
  'Set-Cookie: a=b',
  'Connection: close',
  'Connection: x-a',
  'Date: x',
  'Keep-Alive: timeout=1',
];

const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
  'HTTP/1.0 ',
  'HTTP/1.1 ',
  '0',
  '1',
  'f',
  '-1',
  'fffffffffffffff',
  ';a=b',
  ';',
  ' ',
];

const content = fc.oneof(
  fc.string({ maxLength: 24, unit: 'binary-ascii' }),
  fc.constantFrom('hello', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison', '0\r\n\r\n', 'x'.repeat(3_000)),
);
const chunks = fc.array(fc.tuple(content, fc.constantFrom('', '', ';a=b')), { maxLength: 3 }).map((all) =>
  all
    .filter(([data]) => data !== '')
    .map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`)
    .join(''),
);
const trailers = fc.constantFrom('', '', '', 'X-T: 1\r\n', 'Content-Length: 9\r\nSet-Cookie: a\r\n');
const rest = fc.oneof(
  content.map((data) => `Content-Length: ${data.length}\r\n\r\n${data}`),
  fc.tuple(chunks, trailers).map(([all, trailer]) => `Transfer-Encoding: chunked\r\n\r\n${all}0\r\n${trailer}\r\n`),
  content.map((data) => `\r\n${data}`),
  fc.constant('\r\n'),
);
const statusLines = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 500') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('HTTP/1.0 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 ', 'HTTP/1.1 599 \xe4'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 101 x',
      'HTTP/1.1 099 x',
      'HTTP/2 200',
      'http/1.1 200 OK',
      'HTTP/1.1  200',
      '',
    ),
  },
);
const interim = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom(
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-a\r\nx-a: 1\r\n\r\nHTTP/1.1 102 \r\n\r\n',
    'HTTP/1.1 103 \r\nContent-Length: 3\r\n\r\n',
  ),
);
const lines = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...HARMLESS) }, fc.constantFrom(...LINES)), {
  maxLength: 2,
});

const response = fc
  .tuple(interim, statusLines, lines, rest)
  .map(
    ([before, line, fields, body]) => `${before}${line}\r\n${fields.map((field) => `${field}\r\n`).join('')}${body}`,
  );
const extra = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  fc.constantFrom('\r\n', 'x', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'),
);

/** A response, perhaps with something behind it, with up to two changes. */
export const responseCases: fc.Arbitrary<ResponseCase> = fc
  .record({
    method: fc.constantFrom('GET' as const, 'GET' as const, 'HEAD' as const, 'POST' as const, 'DELETE' as const),
    http10: fc.constantFrom(false, false, false, true),
    text: fc.tuple(response, extra).map((parts) => parts.join('')),
    mutations: fc.oneof(fc.constant([]), fc.array(mutation(LINES, PIECES), { minLength: 1, maxLength: 2 })),
    missing: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(80)),
    cuts,
    ends: fc.boolean(),
  })
  .map(({ mutations, text, ...rest }) => ({ ...rest, text: mutated(text, mutations) }));
