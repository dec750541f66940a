import type { ResponseReason } from '../../src/http1/reason.ts';

/** The head of an answer to a GET as raw bytes (latin1) and what a strict proxy makes of it. No body follows. */
export interface ResponseCase {
  readonly name: string;
  readonly bytes: string;
  readonly verdict: 'accepted' | ResponseReason;
}

function ok(fields: string): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n`;
}

const STATUS_LINE: readonly ResponseCase[] = [
  { name: 'a plain 200 is accepted', bytes: ok('Content-Length: 0\r\n'), verdict: 'accepted' },
  { name: 'an HTTP/1.0 response is accepted', bytes: 'HTTP/1.0 200 OK\r\n\r\n', verdict: 'accepted' },
  { name: 'an empty reason phrase is accepted', bytes: 'HTTP/1.1 204 \r\n\r\n', verdict: 'accepted' },
  {
    name: 'a status without the space that should follow is accepted',
    bytes: 'HTTP/1.1 204\r\n\r\n',
    verdict: 'accepted',
  },
  {
    name: 'obs-text in a reason phrase is accepted',
    bytes: 'HTTP/1.1 404 pas trouv\xe9\tici\r\n\r\n',
    verdict: 'accepted',
  },
  { name: 'the lowest status is accepted', bytes: 'HTTP/1.1 100 Continue\r\n\r\n', verdict: 'accepted' },
  { name: 'the highest status is accepted', bytes: 'HTTP/1.1 599 x\r\n\r\n', verdict: 'accepted' },
  { name: 'a status below 100 is refused', bytes: 'HTTP/1.1 099 x\r\n\r\n', verdict: 'bad_status' },
  { name: 'a status above 599 is refused', bytes: 'HTTP/1.1 600 x\r\n\r\n', verdict: 'bad_status' },
  { name: 'a status of two digits is refused', bytes: 'HTTP/1.1 20 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'a status of four digits is refused', bytes: 'HTTP/1.1 2000 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'a status that is no number is refused', bytes: 'HTTP/1.1 2x0 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'two spaces before the status are refused', bytes: 'HTTP/1.1  200 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'HTTP/2.0 from an upstream is refused', bytes: 'HTTP/2.0 200 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'HTTP/1.2 from an upstream is refused', bytes: 'HTTP/1.2 200 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'a version in lower case is refused', bytes: 'http/1.1 200 OK\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'an HTTP/0.9 response is refused', bytes: '<html>\r\n\r\n', verdict: 'bad_status_line' },
  { name: 'an empty line before the status line is refused', bytes: `\r\n${ok('')}`, verdict: 'bad_status_line' },
  { name: 'a bare LF after the status line is refused', bytes: 'HTTP/1.1 200 OK\nA: b\r\n\r\n', verdict: 'bare_lf' },
  { name: 'a bare LF after the status is refused', bytes: 'HTTP/1.1 200\n\r\n', verdict: 'bare_lf' },
  { name: 'a bare CR in the reason phrase is refused', bytes: 'HTTP/1.1 200 O\rK\r\n\r\n', verdict: 'bare_cr' },
  { name: 'NUL in the reason phrase is refused', bytes: 'HTTP/1.1 200 O\0K\r\n\r\n', verdict: 'bad_status_line' },
];

const SYNTAX: readonly ResponseCase[] = [
  { name: 'a space before the colon is refused', bytes: ok('A : b\r\n'), verdict: 'space_before_colon' },
  { name: 'a folded value is refused', bytes: ok('A: b\r\n c\r\n'), verdict: 'obs_fold' },
  { name: 'whitespace before the first field is refused', bytes: ok(' A: b\r\n'), verdict: 'obs_fold' },
  { name: 'a bare LF after a value is refused', bytes: ok('A: b\nC: d\r\n'), verdict: 'bare_lf' },
  { name: 'a bare LF for the empty line is refused', bytes: 'HTTP/1.1 200 OK\r\nA: b\r\n\n', verdict: 'bare_lf' },
  { name: 'a bare CR in a value is refused', bytes: ok('A: b\rc\r\n'), verdict: 'bare_cr' },
  { name: 'NUL in a value is refused', bytes: ok('A: b\0\r\n'), verdict: 'bad_field_value' },
  { name: 'a control character in a value is refused', bytes: ok('A: \x1bb\r\n'), verdict: 'bad_field_value' },
  { name: 'NUL in a name is refused', bytes: ok('A\0: b\r\n'), verdict: 'bad_field_name' },
  { name: 'an empty field name is refused', bytes: ok(': b\r\n'), verdict: 'empty_field_name' },
  { name: 'a field without a colon is refused', bytes: ok('Abc\r\n'), verdict: 'bad_field_name' },
];

const FRAMING: readonly ResponseCase[] = [
  { name: 'chunked frames the body', bytes: ok('Transfer-Encoding: Chunked\r\n'), verdict: 'accepted' },
  { name: 'a response without framing ends with the connection', bytes: ok(''), verdict: 'accepted' },
  {
    name: 'Content-Length with Transfer-Encoding is refused',
    bytes: ok('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
    verdict: 'content_length_and_transfer_encoding',
  },
  {
    name: 'differing Content-Lengths are refused',
    bytes: ok('Content-Length: 5\r\nContent-Length: 6\r\n'),
    verdict: 'duplicate_content_length',
  },
  {
    name: 'identical Content-Lengths are refused',
    bytes: ok('Content-Length: 5\r\nContent-Length: 5\r\n'),
    verdict: 'duplicate_content_length',
  },
  {
    name: 'a Content-Length that is a list is refused',
    bytes: ok('Content-Length: 5, 5\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a Content-Length with a sign is refused',
    bytes: ok('Content-Length: +5\r\n'),
    verdict: 'bad_content_length',
  },
  { name: 'an empty Content-Length is refused', bytes: ok('Content-Length:\r\n'), verdict: 'bad_content_length' },
  {
    name: 'a Content-Length of 2^53 is refused',
    bytes: ok('Content-Length: 9007199254740992\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a coding after chunked is refused',
    bytes: ok('Transfer-Encoding: chunked, gzip\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'gzip, chunked is refused: nobody asked for it',
    bytes: ok('Transfer-Encoding: gzip, chunked\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  { name: 'identity is refused', bytes: ok('Transfer-Encoding: identity\r\n'), verdict: 'bad_transfer_encoding' },
  {
    name: 'chunked twice is refused',
    bytes: ok('Transfer-Encoding: chunked, chunked\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'chunked with a parameter is refused',
    bytes: ok('Transfer-Encoding: chunked; a=b\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'an empty Transfer-Encoding is refused',
    bytes: ok('Transfer-Encoding:\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'an empty Transfer-Encoding with Content-Length is refused',
    bytes: ok('Transfer-Encoding:\r\nContent-Length: 5\r\n'),
    verdict: 'content_length_and_transfer_encoding',
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0 is refused',
    bytes: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    verdict: 'transfer_encoding_in_http_1_0',
  },
  {
    name: 'Content-Length with Transfer-Encoding is refused in a 304 too',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    verdict: 'content_length_and_transfer_encoding',
  },
  {
    name: 'too many connection options are refused',
    bytes: ok(`Connection: ${Array.from({ length: 65 }, (_, i) => `o${i}`).join(',')}\r\n`),
    verdict: 'too_many_connection_options',
  },
];

/** For limits of at least 16 KiB for the head and 100 fields. */
export const RESPONSE_CASES: readonly ResponseCase[] = [...STATUS_LINE, ...SYNTAX, ...FRAMING];
