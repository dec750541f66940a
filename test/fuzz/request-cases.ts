import fc from 'fast-check';
import { type Cuts, cuts, mutated, mutation } from './mutations.ts';

/** What one client sends, and how. */
export interface RequestCase {
  /** Latin1; a sentinel follows. */
  readonly text: string;
  /** The client sends all but so many bytes of it all, the sentinel included. */
  readonly missing: number;
  readonly cuts: Cuts;
  /** Half-closes right after the last byte, instead of after the last answer. */
  readonly endsEarly: boolean;
}

/** Lines that say something about framing, about the life of the connection, or about who asks. */
const LINES = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 900',
  'Content-Length: 3, 3',
  'Content-Length: +5',

  'Content-Length: 0x5',
  'Content-Length: 99999999999999999999',
  'Content-Length:',
  'Content-Length: 5\t',
  'Content_Length: 5',
  'Transfer-Encoding: chunked',
  'transfer-encoding: CHUNKED',
  'Transfer-Encoding: gzip, chunked',

  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity',
  'Transfer-Encoding:',
  'Transfer-Encoding: "chunked"',

  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked;a',
  'Transfer_Encoding: chunked',

  'TE: trailers',
  'TE: gzip;q=1, trailers',
  'Trailer: Host',
  'Expect: 100-continue',
  'Expect: 100-Continue',
  'Expect: 200-ok',
  'Host: other',
  'Host:',
  'Host: a/b@c',
  'Host: a:65536',
  'Host: [::1]',
  'Host: a, b',
  'Host: b.example:8080',

  'Connection: close',
  'Connection: keep-alive',
  'Connection: upgrade',
  'Connection: x-a, X-Forwarded-For, Host, , te',

  'Connection: Content-Length',
  'Connection: Transfer-Encoding, close',
  'Connection: "close"',
  'Proxy-Connection: close',

  'Keep-Alive: timeout=5',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Upgrade: a/1, ,b',
  'Upgrade: a\xa0',
  'Upgrade: A/2/3',
  'Connection: Upgrade',
  'HTTP2-Settings: AAMAAABk',
  'Max-Forwards: 1',
  'Max-Forwards: 0',

  'Via: 1.1 a, 1.0 b',
  'X-Forwarded-For: 192.0.2.9',
  'X-Forwarded-Host: evil',
  'Forwarded: for=_x',
  'Authorization: a',
  'X-A: 1',

  'X-A: ',
  ' Content-Length: 5',
  '\tfolded',
  'Transfer-Encoding : chunked',
  'X-A:2',
  'X-A: a\tb\xe4',
  'Cookie: a=b; c',
  'Proxy-Authorization: Basic x',
  'GET /smuggled HTTP/1.1',
  '0',
  '5',
  '',
];

/** Lines that no request is refused for. */
const HARMLESS = [
  'X-B: 1',
  'Connection: close',
  'Connection: keep-alive, x-b, Cookie',
  'Cookie: a=b',
  'Expect: 100-continue',
  'TE: trailers',

  'Via: 1.1 a',
  'X-Forwarded-For: 192.0.2.9',
  'Forwarded: for=_x',
  'X-A: \xe4',
  'x-empty:',
  'Max-Forwards: 2',
  'Trailer: x-t',
];

const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n',
  ' HTTP/1.1',
  ' HTTP/1.0',

  '0',
  '1',
  'f',
  '-1',
  '0x',
  '00000000000000000',
  'fffffffffffffff',
  ';a=b',
  ';',
  ' ',
  'HTTP/1.1 200 OK\r\n\r\n',
  'http://',
  '*',
];

const targets = fc.constantFrom(
  '/',
  '/a/b?c=d',
  '/%2e%2e/x',
  '//double//slash',
  '/?',
  '/a|b{"c"}',
  'http://abs.example/p?q',
  'HTTPS://[::1]:8443',
  'http://u@h/',

  'http://abs.example?x',
  '/..;/',
  '/a#b',
  '*',
  'example.com:80',
  '/\x7f',
  'ftp://a/',
  'http:///x',
  'http://a:99999/',
);
const methods = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS') },
  { weight: 1, arbitrary: fc.constantFrom('PURGE', 'M-SEARCH', 'CONNECT', 'TRACE', 'get', 'BREW', 'PRI') },
);
const versions = fc.oneof(
  { weight: 12, arbitrary: fc.constant('HTTP/1.1') },
  { weight: 2, arbitrary: fc.constant('HTTP/1.0') },
  { weight: 1, arbitrary: fc.constantFrom('HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', '') },
);
const content = fc.oneof(
  fc.string({ maxLength: 24, unit: 'binary-ascii' }),
  fc.constantFrom('hello', 'GET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n', '0\r\n\r\n', '\r\n'),
);
const trailers = fc.constantFrom(
  '',
  '',
  '',
  '',
  '',
  '',
  '',
  'X-T: 1\r\n',
  'Host: evil\r\nContent-Length: 9\r\n',
  'X-T: 2\r\nbad trailer\r\n',
);
/** The lines of a chunk's size: what it may be, and what some server or other has taken it for. */
const sizes = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('N', 'N', '0N', 'N;a', 'N;a="b"', 'N;\t', 'N;') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('N ', ' N', 'N\t', '0xN', '+N', '-N', 'N ;a', 'N\0', 'N,', 'N;a\nb', 'N;a\r', 'N\xa0'),
  },
);
const chunked = fc.tuple(fc.array(fc.tuple(content, sizes), { maxLength: 3 }), trailers).map(([chunks, trailer]) => {
  const sent = chunks
    .filter(([data]) => data !== '')
    .map(([data, size]) => `${size.replace('N', data.length.toString(16))}\r\n${data}\r\n`);
  return `Transfer-Encoding: chunked\r\n\r\n${sent.join('')}0\r\n${trailer}\r\n`;
});
const rest = fc.oneof(
  fc.constant('\r\n'),
  content.map((data) => `Content-Length: ${data.length}\r\n\r\n${data}`),
  chunked,
);
const lines = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...HARMLESS) }, fc.constantFrom(...LINES)), {
  maxLength: 2,
});
const plain = fc.constantFrom('/', '/a/b?c=d', '/plain');

/** A request that is valid, or at least as its parts are. */
const request = fc
  .tuple(
    methods,
    fc.oneof({ weight: 7, arbitrary: plain }, targets),
    fc.oneof({ weight: 4, arbitrary: fc.constant('HTTP/1.1') }, versions),
    fc.constantFrom('example.com', 'example.com:80', '[::1]'),
    fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, lines),
    rest,
  )
  .map(([method, target, version, host, fields, rest]) => {
    const head = `${method} ${target} ${version}\r\nHost: ${host}\r\n`;
    return `${head}${fields.map((line) => `${line}\r\n`).join('')}${rest}`;
  });

/** One to three pipelined requests, with up to three changes. */
export const requestCases: fc.Arbitrary<RequestCase> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: request },
      fc.array(request, { minLength: 2, maxLength: 3 }).map((all) => all.join('')),
    ),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 5, arbitrary: fc.array(mutation(LINES, PIECES), { minLength: 1, maxLength: 2 }) },
    ),
    fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(250)),
    cuts,
    fc.boolean(),
  )
  .map(([text, mutations, missing, cuts, endsEarly]) => ({ text: mutated(text, mutations), missing, cuts, endsEarly }));
