import { type CaseGroup, type CaseList, group } from './compare-case.ts';

const HEAD = 'POST /form HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n';

function chunked(body: string, fields = ''): string {
  return `${HEAD}${fields}\r\n${body}`;
}

const SIZES: CaseList = [
  ['TERM.EXT: a bare LF ends a size line with an extension', chunked(`5;\nhello\r\n0\r\n\r\n`)],
  [
    'EXT.TERM: a size line that a lax reader ends at the LF of its extension',
    chunked(`2;\nxx\r\n22\r\nc\r\n0\r\n\r\n${SMUGGLED}0\r\n\r\n`),
  ],
  ['a bare CR ends a size line with an extension', chunked('5;\rhello\r\n0\r\n\r\n')],
  ['two other bytes where the CRLF behind data should be', chunked('5\r\nhelloXX0\r\n\r\n')],
  ['LF CR where the CRLF behind data should be', chunked('5\r\nhello\n\r0\r\n\r\n')],
  ['a bare CR and another byte where the CRLF behind data should be', chunked('5\r\nhello\rX0\r\n\r\n')],
  ['everything ended by bare LFs', chunked('5\nhello\n0\n\n')],
  ['a size of 2^32 and 5', chunked('100000005\r\nhello\r\n0\r\n\r\n')],
  ['a size of 2^63', chunked('8000000000000000\r\nhello\r\n0\r\n\r\n')],
  ['a size of forty digits', chunked(`${'0'.repeat(39)}5\r\nhello\r\n0\r\n\r\n`)],
  ['a size with an underscore behind it', chunked('5_\r\nhello\r\n0\r\n\r\n')],
  ['a size with obs-text behind it', chunked('5\xa0\r\nhello\r\n0\r\n\r\n')],
  ['a size with NUL behind it', chunked('5\0\r\nhello\r\n0\r\n\r\n')],
  ['a size with a letter behind it', chunked('5x\r\nhello\r\n0\r\n\r\n')],
  ['a size with a comma behind it', chunked('5,\r\nhello\r\n0\r\n\r\n')],
  ['a size in quotes', chunked('"5"\r\nhello\r\n0\r\n\r\n')],
  ['a last chunk of 0x0', chunked('0x0\r\n\r\n')],
  ['a last chunk of minus 0', chunked('-0\r\n\r\n')],
  ['a last chunk with a space', chunked('0 \r\n\r\n')],
  ['a last chunk with an extension', chunked('5\r\nhello\r\n0;a=b\r\n\r\n')],
  ['a last chunk of many zeros', chunked('5\r\nhello\r\n0000000\r\n\r\n')],
  ['a vertical tab before the size', chunked('\x0b5\r\nhello\r\n0\r\n\r\n')],
  ['an empty line before the first size', chunked('\r\n5\r\nhello\r\n0\r\n\r\n')],
  ['a body that ends before its last chunk', chunked('5\r\nhello\r\n')],
  ['two hundred chunks of one byte', chunked(`${'1\r\nx\r\n'.repeat(200)}0\r\n\r\n`)],
];

const EXTENSIONS: CaseList = [
  ['spaces in an extension', chunked('5; a = b\r\nhello\r\n0\r\n\r\n')],
  ['an extension without a name', chunked('5;\r\nhello\r\n0\r\n\r\n')],
  ['an extension with = and nothing', chunked('5;=\r\nhello\r\n0\r\n\r\n')],
  ['an extension with an open quote', chunked('5;a="\r\nhello\r\n0\r\n\r\n')],
  ['an extension with a quoted CRLF', chunked('5;a="\r\n"\r\nhello\r\n0\r\n\r\n')],
  ['an extension of 1 KB', chunked(`5;${'a'.repeat(1024)}\r\nhello\r\n0\r\n\r\n`)],
  ['an extension of 20 KB', chunked(`5;${'a'.repeat(20_480)}\r\nhello\r\n0\r\n\r\n`)],
  ['an extension with obs-text', chunked('5;\xff\r\nhello\r\n0\r\n\r\n')],
  ['an extension with DEL', chunked('5;\x7f\r\nhello\r\n0\r\n\r\n')],
];

const TRAILERS: CaseList = [
  ['an ordinary trailer', chunked('5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n', 'Trailer: X-Sum\r\n')],
  ['Transfer-Encoding in a trailer', chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n')],
  ['Host in a trailer', chunked('0\r\nHost: evil.example\r\n\r\n')],
  ['Authorization in a trailer', chunked('0\r\nAuthorization: Basic eDp5\r\n\r\n')],
  ['X-Forwarded-For in a trailer', chunked('0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n')],
  ['a trailer of 20 KB', chunked(`0\r\nX: ${'a'.repeat(20_480)}\r\n\r\n`)],
  ['two hundred trailers', chunked(`0\r\n${'X: y\r\n'.repeat(200)}\r\n`)],
  ['a request where the trailers end without CRLF', chunked(`0\r\n${SMUGGLED}`)],
  ['a trailer with a space at the start of the line', chunked('0\r\n X: y\r\n\r\n')],
];

export const CHUNK_GROUPS: readonly CaseGroup[] = [
  group('Chunk sizes and data', SIZES),
  group('Chunk extensions', EXTENSIONS),
  group('Trailers', TRAILERS),
];
