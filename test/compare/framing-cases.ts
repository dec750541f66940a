import { type CaseGroup, type CaseList, group } from './compare-case.ts';

const HOST = 'Host: example.com\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n';
const HELLO = '5\r\nhello\r\n0\r\n\r\n';

function post(fields: string, body = ''): string {
  return `POST /form HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

/** A chunked body in a request whose Transfer-Encoding line (or lines) is written some other way. */
function encoded(lines: string): string {
  return post(lines, HELLO);
}

function lengthOf(value: string, body = 'hello'): string {
  return post(`Content-Length:${value}\r\n`, body);
}

const BOTH: CaseList = [
  [
    'CL.TE: a length that ends behind the last chunk',
    post(`Content-Length: ${5 + SMUGGLED.length}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`),
  ],
  [
    'TE.CL: a length that ends within the first chunk',
    post(
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n',
      `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    ),
  ],
  ['both, in a GET', `GET / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}`],
  ['both, the length 0', post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', HELLO)],
  [
    'both, the coding in HTTP/1.0',
    `POST / HTTP/1.0\r\n${HOST}Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}`,
  ],
  ['both, the coding identity', post('Content-Length: 5\r\nTransfer-Encoding: identity\r\n', 'hello')],
  ['both, the coding hidden by an underscore', post('Content-Length: 15\r\nTransfer_Encoding: chunked\r\n', HELLO)],
  ['chunked and a length hidden by an underscore', post('Transfer-Encoding: chunked\r\nContent_Length: 5\r\n', HELLO)],
  [
    'chunked and a length with a space before its colon',
    post('Transfer-Encoding: chunked\r\nContent-Length : 5\r\n', HELLO),
  ],
  [
    'a length and a coding with a space before its colon',
    post('Content-Length: 15\r\nTransfer-Encoding : chunked\r\n', HELLO),
  ],
  [
    'a length and a coding with an HTAB before its colon',
    post('Content-Length: 15\r\nTransfer-Encoding\t: chunked\r\n', HELLO),
  ],
  ['a length and a coding behind a bare LF', post('Content-Length: 15\r\nX: y\nTransfer-Encoding: chunked\r\n', HELLO)],
  ['a length and a coding behind a bare CR', post('Content-Length: 15\r\nX: y\rTransfer-Encoding: chunked\r\n', HELLO)],
  [
    'a length and a coding that is folded into the line before',
    post('Content-Length: 15\r\n Transfer-Encoding: chunked\r\n', HELLO),
  ],
  ['a length and a coding with NUL in its name', post('Content-Length: 15\r\nTransfer\0-Encoding: chunked\r\n', HELLO)],
  ['a length and a coding behind NUL', post('Content-Length: 15\r\nX: y\0Transfer-Encoding: chunked\r\n', HELLO)],
  ['a length in a trailer', post('Transfer-Encoding: chunked\r\n', '0\r\nContent-Length: 5\r\n\r\n')],
];

const CODINGS: CaseList = [
  ['an HTAB before chunked', encoded('Transfer-Encoding:\tchunked\r\n')],
  ['no space before chunked', encoded('Transfer-Encoding:chunked\r\n')],
  ['spaces and HTABs around chunked', encoded('Transfer-Encoding: \t chunked \t \r\n')],
  ['the field name in upper case', encoded('TRANSFER-ENCODING: CHUNKED\r\n')],
  ['a vertical tab before chunked', encoded('Transfer-Encoding: \x0bchunked\r\n')],
  ['a vertical tab behind chunked', encoded('Transfer-Encoding: chunked\x0b\r\n')],
  ['a form feed before chunked', encoded('Transfer-Encoding: \x0cchunked\r\n')],
  ['NUL before chunked', encoded('Transfer-Encoding: \0chunked\r\n')],
  ['NUL behind chunked', encoded('Transfer-Encoding: chunked\0\r\n')],
  ['a bare CR behind chunked', encoded('Transfer-Encoding: chunked\r\r\n')],
  ['a no-break space behind chunked', encoded('Transfer-Encoding: chunked\xa0\r\n')],
  ['the Kelvin sign for the k of chunked', encoded('Transfer-Encoding: chun\xe2\x84\xaaed\r\n')],
  ['chunked on a folded line', encoded('Transfer-Encoding:\r\n chunked\r\n')],
  ['chunked and something folded behind it', encoded('Transfer-Encoding: chunked\r\n , identity\r\n')],
  ['chunked and a word behind it', encoded('Transfer-Encoding: chunked foo\r\n')],
  ['a word and chunked behind it', encoded('Transfer-Encoding: foo chunked\r\n')],
  ['a prefix of chunked', encoded('Transfer-Encoding: chunk\r\n')],
  ['a longer word than chunked', encoded('Transfer-Encoding: chunkedx\r\n')],
  ['chunked in single quotes', encoded("Transfer-Encoding: 'chunked'\r\n")],
  ['chunked in brackets', encoded('Transfer-Encoding: [chunked]\r\n')],
  ['chunked behind a colon', encoded('Transfer-Encoding: : chunked\r\n')],
  ['chunked with a semicolon', encoded('Transfer-Encoding: chunked;\r\n')],
  ['chunked, identity', encoded('Transfer-Encoding: chunked, identity\r\n')],
  ['identity, chunked', encoded('Transfer-Encoding: identity, chunked\r\n')],
  ['identity and chunked in two fields', encoded('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n')],
  ['an unknown coding and chunked in two fields', encoded('Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n')],
  ['chunked and an unknown coding in two fields', encoded('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n')],
  ['chunked and an empty coding in two fields', encoded('Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n')],
  ['deflate, chunked', encoded('Transfer-Encoding: deflate, chunked\r\n')],
  ['chunked, deflate', encoded('Transfer-Encoding: chunked, deflate\r\n')],
  ['a space in the field name', encoded('Transfer Encoding: chunked\r\n')],
  ['TE instead of Transfer-Encoding', post('TE: chunked\r\n', HELLO)],
  ['chunked in a GET', `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${HELLO}`],
  ['chunked in a HEAD', `HEAD / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${HELLO}`],
  ['chunked in a DELETE', `DELETE /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${HELLO}`],
  ['chunked in OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${HELLO}`],
  [
    'chunked in HTTP/1.0 with keep-alive',
    `POST / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}`,
  ],
];

const LENGTHS: CaseList = [
  ['no space before the length', lengthOf('5')],
  ['an HTAB before the length', lengthOf('\t5')],
  ['spaces behind the length', lengthOf(' 5  ')],
  ['a length of minus 0', lengthOf(' -0', '')],
  ['a length of plus 0', lengthOf(' +0', '')],
  ['a length of minus 1', lengthOf(' -1')],
  ['a length in quotes', lengthOf(' "5"')],
  ['a length with an exponent', lengthOf(' 5e0')],
  ['a length with an underscore', lengthOf(' 0_5')],
  ['a length with a semicolon', lengthOf(' 5;')],
  ['a length with a comma behind it', lengthOf(' 5,')],
  ['a length with a comma before it', lengthOf(' ,5')],
  ['a length and another one in a list', lengthOf(' 5, 6')],
  ['a length with NUL behind it', lengthOf(' 5\0')],
  ['a length with a vertical tab behind it', lengthOf(' 5\x0b')],
  ['a length with a letter behind it', lengthOf(' 5a')],
  ['a length with obs-text behind it', lengthOf(' 5\xa0')],
  ['a length in Arabic digits', lengthOf(' \xd9\xa5')],
  ['a length with forty zeros before it', lengthOf(` ${'0'.repeat(40)}5`)],
  ['a length of 2^32 and 5', lengthOf(' 4294967301')],
  ['a length of 2^63', lengthOf(' 9223372036854775808')],
  ['a length of a hundred digits', lengthOf(` ${'9'.repeat(100)}`)],
  ['a length on a folded line', lengthOf('\r\n 5')],
  ['a length that goes on on a folded line', lengthOf(' 5\r\n 0')],
  ['a length and an empty one', post('Content-Length: 5\r\nContent-Length:\r\n', 'hello')],
  ['a length with a space in its name', post('Content Length: 5\r\n', 'hello')],
  ['a length with NUL in its name', post('Content-Length\0: 5\r\n', 'hello')],
  ['a length shorter than the body', lengthOf(' 4')],
  ['CL.0: a body that looks like a request', lengthOf(` ${SMUGGLED.length}`, SMUGGLED)],
  ['0.CL: a GET with such a body', `GET / HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['a HEAD with a body', `HEAD / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
  ['a DELETE with a body', `DELETE /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
  ['OPTIONS * with a body', `OPTIONS * HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
  ['a POST without any framing', post('')],
  ['a body in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
];

export const FRAMING_GROUPS: readonly CaseGroup[] = [
  group('Content-Length with Transfer-Encoding', BOTH),
  group('Transfer-Encoding', CODINGS),
  group('Content-Length', LENGTHS),
];
