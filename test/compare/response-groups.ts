import { CHUNKED_CASES } from '../http1/chunked-cases.ts';
import { RESPONSE_CASES } from '../http1/response-cases.ts';
import { type CaseGroup, type CaseList, group } from './compare-case.ts';

function ok(fields: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
}

const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

const LIFE: CaseList = [
  ['bytes behind a body with a length', ok('Content-Length: 5\r\n', 'hello, and more')],
  ['a second response behind the first', ok('Content-Length: 5\r\n', `hello${POISON}`)],
  ['a second response behind a chunked one', ok('Transfer-Encoding: chunked\r\n', `5\r\nhello\r\n0\r\n\r\n${POISON}`)],
  ['a body shorter than its length', ok('Content-Length: 10\r\n', 'hello')],
  ['a chunked body without its last chunk', ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n')],
  ['a chunked body that ends in a chunk', ok('Transfer-Encoding: chunked\r\n', '5\r\nhel')],
  ['a chunked body without its last CRLF', ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n')],
  ['a body that ends with the connection', ok('', 'hello')],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['a status line and nothing else', 'HTTP/1.1 200 OK\r\n'],
  ['nothing at all', ''],
  ['a 204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
  ['a 204 with chunked', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a 304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
  ['a 304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'],
  ['a 205 with a body', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello'],
];

const INTERIM: CaseList = [
  ['a 100 before the answer', `HTTP/1.1 100 Continue\r\n\r\n${ok('Content-Length: 0\r\n')}`],
  ['a 103 before the answer', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('Content-Length: 0\r\n')}`],
  ['twenty 102 before the answer', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20) + ok('Content-Length: 0\r\n')],
  ['a 103 with a length', `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${ok('Content-Length: 0\r\n')}`],
  [
    'a 101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
  ['a 100 and then the end', 'HTTP/1.1 100 Continue\r\n\r\n'],
];

const FIELDS: CaseList = [
  ['CL.TE in a response', ok('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n')],
  ['a coding with a space before its colon', ok('Transfer-Encoding : chunked\r\n', '5\r\nhello\r\n0\r\n\r\n')],
  ['a coding with a vertical tab', ok('Transfer-Encoding: \x0bchunked\r\n', '5\r\nhello\r\n0\r\n\r\n')],
  [
    'chunked twice in two fields',
    ok('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
  ],
  ['identical lengths with their body', ok('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')],
  ['differing lengths with a body', ok('Content-Length: 5\r\nContent-Length: 3\r\n', 'hello')],
  ['a length with a space in it', ok('Content-Length: 5 5\r\n', 'hello')],
  ['a length with a space before its colon', ok('Content-Length : 5\r\n', 'hello')],
  ['a folded field with a body', ok('A: b\r\n c\r\nContent-Length: 5\r\n', 'hello')],
  ['a field with a bare CR and a line', ok('A: b\rSet-Cookie: c\r\nContent-Length: 0\r\n')],
  ['bare LFs only', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
  [
    'Connection of an upstream names Content-Length',
    ok('Connection: content-length\r\nContent-Length: 5\r\n', 'hello'),
  ],
  [
    'Connection of an upstream names Set-Cookie',
    ok('Connection: set-cookie\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n'),
  ],
  [
    'Keep-Alive, Proxy-Connection and Upgrade',
    ok('Keep-Alive: timeout=5\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nContent-Length: 0\r\n'),
  ],
  ['a field of 20 KiB', ok(`A: ${'b'.repeat(20_480)}\r\nContent-Length: 0\r\n`)],
  ['three hundred fields', ok(`${'A: b\r\n'.repeat(300)}Content-Length: 0\r\n`)],
  ['a trailer', ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n')],
  ['an HTTP/0.9 answer', 'hello'],
  ['a greeting of SMTP', '220 mail.example ESMTP\r\n'],
];

/** Upstreams that misbehave, and some that do not. */
export const RESPONSE_GROUPS: readonly CaseGroup[] = [
  group('Bodies and ends', LIFE),
  group('Interim responses', INTERIM),
  group('Fields and framing', FIELDS),
  group(
    'The cases of test/http1/response-cases.ts',
    RESPONSE_CASES.map(({ name, bytes }) => [
      `from an upstream: ${name}`,
      /chunked/i.test(bytes)
        ? `${bytes}5\r\nhello\r\n0\r\n\r\n`
        : /Content-Length: \+?5/.test(bytes)
          ? `${bytes}hello`
          : bytes,
    ]),
  ),
  group(
    'The chunked cases of test/http1/chunked-cases.ts',
    CHUNKED_CASES.map(({ name, bytes }) => [
      `from an upstream, chunked: ${name}`,
      ok('Transfer-Encoding: chunked\r\n', bytes),
    ]),
  ),
];
