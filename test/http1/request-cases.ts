import type { RequestReason } from '../../src/http1/reason.ts';

/** A request as raw bytes (latin1) and what a strict server makes of it. Accepted ones are followed by their whole body. */
export interface RequestCase {
  readonly name: string;
  readonly bytes: string;
  readonly verdict: 'accepted' | RequestReason;
}

const HOST = 'Host: example.com\r\n';

function get(fields: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function post(fields: string, body = ''): string {
  return `POST /form HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

function host(value: string): string {
  return `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
}

function target(value: string, method = 'GET'): string {
  return `${method} ${value} HTTP/1.1\r\n${HOST}\r\n`;
}

const FRAMING: readonly RequestCase[] = [
  { name: 'a Content-Length frames the body', bytes: post('Content-Length: 5\r\n', 'hello'), verdict: 'accepted' },
  { name: 'a Content-Length of zero is no body', bytes: post('Content-Length: 0\r\n'), verdict: 'accepted' },
  {
    name: 'leading zeros of a Content-Length are digits',
    bytes: post('Content-Length: 0005\r\n', 'hello'),
    verdict: 'accepted',
  },
  { name: 'chunked frames the body', bytes: post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'), verdict: 'accepted' },
  {
    name: 'Chunked may be written in any case',
    bytes: post('transfer-encoding: ChUnKeD\r\n', '0\r\n\r\n'),
    verdict: 'accepted',
  },
  {
    name: 'Content-Length with Transfer-Encoding is refused',
    bytes: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    verdict: 'content_length_and_transfer_encoding',
  },
  {
    name: 'Transfer-Encoding with Content-Length is refused',
    bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
    verdict: 'content_length_and_transfer_encoding',
  },
  {
    name: 'differing Content-Lengths are refused',
    bytes: post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'),
    verdict: 'duplicate_content_length',
  },
  {
    name: 'identical Content-Lengths are refused',
    bytes: post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'),
    verdict: 'duplicate_content_length',
  },
  {
    name: 'a Content-Length that is a list is refused',
    bytes: post('Content-Length: 5, 5\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a Content-Length with a plus is refused',
    bytes: post('Content-Length: +5\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a Content-Length with a minus is refused',
    bytes: post('Content-Length: -5\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a hexadecimal Content-Length is refused',
    bytes: post('Content-Length: 0x5\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a Content-Length with a space inside is refused',
    bytes: post('Content-Length: 1 2\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a Content-Length with a fraction is refused',
    bytes: post('Content-Length: 5.0\r\n'),
    verdict: 'bad_content_length',
  },
  { name: 'an empty Content-Length is refused', bytes: post('Content-Length:\r\n'), verdict: 'bad_content_length' },
  {
    name: 'a Content-Length of 2^53 is refused',
    bytes: post('Content-Length: 9007199254740992\r\n'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a Content-Length that overflows 64 bits is refused',
    bytes: post('Content-Length: 18446744073709551621\r\n', 'hello'),
    verdict: 'bad_content_length',
  },
  {
    name: 'a coding after chunked is refused',
    bytes: post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'a coding without chunked is refused',
    bytes: post('Transfer-Encoding: gzip\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  { name: 'identity is refused', bytes: post('Transfer-Encoding: identity\r\n'), verdict: 'bad_transfer_encoding' },
  { name: 'xchunked is refused', bytes: post('Transfer-Encoding: xchunked\r\n'), verdict: 'bad_transfer_encoding' },
  {
    name: 'chunked twice is refused',
    bytes: post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'chunked in two fields is one list and refused',
    bytes: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'chunked and then identity in another field is refused',
    bytes: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'chunked with a parameter is refused',
    bytes: post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'quoted chunked is refused',
    bytes: post('Transfer-Encoding: "chunked"\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'an empty element before chunked is refused',
    bytes: post('Transfer-Encoding: , chunked\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'an empty element after chunked is refused',
    bytes: post('Transfer-Encoding: chunked,\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'chunked with obs-text is refused',
    bytes: post('Transfer-Encoding: chunked\xa0\r\n', '0\r\n\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'an empty Transfer-Encoding is refused',
    bytes: post('Transfer-Encoding:\r\n'),
    verdict: 'bad_transfer_encoding',
  },
  {
    name: 'an empty Transfer-Encoding with Content-Length is refused',
    bytes: post('Transfer-Encoding:\r\nContent-Length: 5\r\n', 'hello'),
    verdict: 'content_length_and_transfer_encoding',
  },
  {
    name: 'gzip, chunked is not supported',
    bytes: post('Transfer-Encoding: gzip, chunked\r\n'),
    verdict: 'unsupported_transfer_coding',
  },
  {
    name: 'gzip and chunked in two fields are not supported',
    bytes: post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n'),
    verdict: 'unsupported_transfer_coding',
  },
  {
    name: 'an unknown coding before chunked is not supported',
    bytes: post('Transfer-Encoding: foo , chunked\r\n'),
    verdict: 'unsupported_transfer_coding',
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0 is refused',
    bytes: `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    verdict: 'transfer_encoding_in_http_1_0',
  },
];

const SYNTAX: readonly RequestCase[] = [
  { name: 'a plain GET is accepted', bytes: get(''), verdict: 'accepted' },
  { name: 'an HTTP/1.0 request without Host is accepted', bytes: 'GET / HTTP/1.0\r\n\r\n', verdict: 'accepted' },
  { name: 'empty lines before the request are skipped', bytes: `\r\n\r\n${get('')}`, verdict: 'accepted' },
  { name: 'whitespace around a value is accepted', bytes: get('A: \t b \t\r\n'), verdict: 'accepted' },
  { name: 'a value may be empty', bytes: get('A:\r\nB: \r\n'), verdict: 'accepted' },
  { name: 'a value may hold HTAB and obs-text', bytes: get('A: a\tb\x80\xff\r\n'), verdict: 'accepted' },
  { name: 'a name may hold every token character', bytes: get("!#$%&'*+-.^_`|~09azAZ: a\r\n"), verdict: 'accepted' },
  { name: 'an unknown method is passed on', bytes: target('/', 'PROPFIND'), verdict: 'accepted' },
  { name: 'a folded value is refused', bytes: get('A: b\r\n c\r\n'), verdict: 'obs_fold' },
  { name: 'a value folded with HTAB is refused', bytes: get('A: b\r\n\tc\r\n'), verdict: 'obs_fold' },
  { name: 'a value folded into nothing is refused', bytes: get('A: b\r\n \r\n'), verdict: 'obs_fold' },
  {
    name: 'whitespace before the first field is refused',
    bytes: `GET / HTTP/1.1\r\n ${HOST}\r\n`,
    verdict: 'obs_fold',
  },
  { name: 'a bare LF after the request line is refused', bytes: `GET / HTTP/1.1\n${HOST}\r\n`, verdict: 'bare_lf' },
  { name: 'a bare LF after a value is refused', bytes: get('A: b\nC: d\r\n'), verdict: 'bare_lf' },
  { name: 'a bare LF for the empty line is refused', bytes: `GET / HTTP/1.1\r\n${HOST}\n`, verdict: 'bare_lf' },
  { name: 'a bare LF in a name is refused', bytes: get('A\nB: b\r\n'), verdict: 'bare_lf' },
  { name: 'a bare LF before the request is refused', bytes: `\n${get('')}`, verdict: 'bare_lf' },
  { name: 'a bare LF in the method is refused', bytes: 'GE\nT / HTTP/1.1\r\n\r\n', verdict: 'bare_lf' },
  { name: 'a bare LF in the target is refused', bytes: 'GET /a\nb HTTP/1.1\r\n\r\n', verdict: 'bare_lf' },
  { name: 'a bare CR in a value is refused', bytes: get('A: b\rc\r\n'), verdict: 'bare_cr' },
  { name: 'two CRs after a value are refused', bytes: get('A: b\r\r\n'), verdict: 'bare_cr' },
  { name: 'a bare CR at the empty line is refused', bytes: `GET / HTTP/1.1\r\n${HOST}\rX`, verdict: 'bare_cr' },
  { name: 'a bare CR after the version is refused', bytes: 'GET / HTTP/1.1\rHost: a\r\n\r\n', verdict: 'bare_cr' },
  { name: 'a bare CR before the request is refused', bytes: `\r${get('')}`, verdict: 'bare_cr' },
  { name: 'NUL in a value is refused', bytes: get('A: b\0c\r\n'), verdict: 'bad_field_value' },
  { name: 'a control character in a value is refused', bytes: get('A: b\x01c\r\n'), verdict: 'bad_field_value' },
  { name: 'a vertical tab in a value is refused', bytes: get('A: b\x0bc\r\n'), verdict: 'bad_field_value' },
  { name: 'DEL in a value is refused', bytes: get('A: b\x7f\r\n'), verdict: 'bad_field_value' },
  { name: 'NUL in a name is refused', bytes: get('A\0: b\r\n'), verdict: 'bad_field_name' },
  { name: 'obs-text in a name is refused', bytes: get('A\xe9: b\r\n'), verdict: 'bad_field_name' },
  {
    name: 'a control character at the start of a name is refused',
    bytes: get('\x01A: b\r\n'),
    verdict: 'bad_field_name',
  },
  { name: 'a delimiter in a name is refused', bytes: get('A(b): c\r\n'), verdict: 'bad_field_name' },
  { name: 'a field without a colon is refused', bytes: get('Abc\r\n'), verdict: 'bad_field_name' },
  { name: 'a space before the colon is refused', bytes: get('A : b\r\n'), verdict: 'space_before_colon' },
  { name: 'an HTAB before the colon is refused', bytes: get('A\t: b\r\n'), verdict: 'space_before_colon' },
  {
    name: 'a space before the colon of Content-Length is refused',
    bytes: post('Content-Length : 5\r\n', 'hello'),
    verdict: 'space_before_colon',
  },
  { name: 'an empty field name is refused', bytes: get(': b\r\n'), verdict: 'empty_field_name' },
  { name: 'HTTP/0.9 is refused', bytes: 'GET /\r\n', verdict: 'missing_version' },
  {
    name: 'HTTP/0.9 that names itself is not supported',
    bytes: 'GET / HTTP/0.9\r\n\r\n',
    verdict: 'unsupported_version',
  },
  { name: 'HTTP/2.0 is not supported', bytes: `GET / HTTP/2.0\r\n${HOST}\r\n`, verdict: 'unsupported_version' },
  {
    name: 'the preface of HTTP/2 is not supported',
    bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    verdict: 'unsupported_version',
  },
  { name: 'HTTP/3.0 is not supported', bytes: `GET / HTTP/3.0\r\n${HOST}\r\n`, verdict: 'unsupported_version' },
  { name: 'HTTP/1.2 is not supported', bytes: `GET / HTTP/1.2\r\n${HOST}\r\n`, verdict: 'unsupported_version' },
  { name: 'http/1.1 in lower case is refused', bytes: `GET / http/1.1\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'HTTP/1 is refused', bytes: `GET / HTTP/1\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'HTTP/1.10 is refused', bytes: `GET / HTTP/1.10\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'HTTP/01.1 is refused', bytes: `GET / HTTP/01.1\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'HTTP/+.1 is refused', bytes: `GET / HTTP/+.1\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'HTTP/1,1 is refused', bytes: `GET / HTTP/1,1\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'another protocol is refused', bytes: `GET / ICAP/1.1\r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'an empty version is refused', bytes: `GET / \r\n${HOST}\r\n`, verdict: 'bad_version' },
  { name: 'a space after the version is refused', bytes: `GET / HTTP/1.1 \r\n${HOST}\r\n`, verdict: 'bad_version' },
  {
    name: 'two spaces before the version are refused',
    bytes: `GET /  HTTP/1.1\r\n${HOST}\r\n`,
    verdict: 'bad_version',
  },
  { name: 'two spaces before the target are refused', bytes: `GET  / HTTP/1.1\r\n${HOST}\r\n`, verdict: 'bad_target' },
  { name: 'an HTAB before the target is refused', bytes: `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, verdict: 'bad_method' },
  { name: 'an HTAB before the version is refused', bytes: `GET /\tHTTP/1.1\r\n${HOST}\r\n`, verdict: 'bad_target' },
  { name: 'a space before the method is refused', bytes: ` ${get('')}`, verdict: 'bad_method' },
  { name: 'a method that is no token is refused', bytes: target('/', 'G(T'), verdict: 'bad_method' },
  { name: 'a request line of one word is refused', bytes: 'GET\r\n\r\n', verdict: 'bad_method' },
  { name: 'a TLS handshake is refused', bytes: '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', verdict: 'bad_method' },
  { name: 'NUL in the target is refused', bytes: target('/a\0b'), verdict: 'bad_target' },
  { name: 'DEL in the target is refused', bytes: target('/a\x7fb'), verdict: 'bad_target' },
  { name: 'obs-text in the target is refused', bytes: target('/caf\xe9'), verdict: 'bad_target' },
  { name: 'a fragment in the target is refused', bytes: target('/a#b'), verdict: 'bad_target' },
  {
    name: 'characters that clients forget to encode are accepted',
    bytes: target('/a?q={"b":[1|2]}&c=<\\^`>'),
    verdict: 'accepted',
  },
];

const TARGETS: readonly RequestCase[] = [
  { name: 'absolute-form is accepted', bytes: target('http://example.org/a?b'), verdict: 'accepted' },
  { name: 'absolute-form with https is accepted', bytes: target('HTTPS://example.org:8443'), verdict: 'accepted' },
  {
    name: 'absolute-form with a query and no path is accepted',
    bytes: target('http://example.org?b'),
    verdict: 'accepted',
  },
  { name: 'absolute-form with an IPv6 address is accepted', bytes: target('http://[::1]:80/'), verdict: 'accepted' },
  {
    name: 'absolute-form without Host is refused',
    bytes: 'GET http://example.org/ HTTP/1.1\r\n\r\n',
    verdict: 'missing_host',
  },
  {
    name: 'absolute-form with an invalid Host is refused',
    bytes: 'GET http://example.org/ HTTP/1.1\r\nHost: a/b\r\n\r\n',
    verdict: 'bad_host',
  },
  {
    name: 'absolute-form with two Hosts is refused',
    bytes: `GET http://example.org/ HTTP/1.1\r\n${HOST}${HOST}\r\n`,
    verdict: 'duplicate_host',
  },
  {
    name: 'absolute-form with user information is refused',
    bytes: target('http://me@example.org/'),
    verdict: 'bad_target',
  },
  { name: 'absolute-form without a host is refused', bytes: target('http:///a'), verdict: 'bad_target' },
  { name: 'absolute-form with a port and no host is refused', bytes: target('http://:80/'), verdict: 'bad_target' },
  { name: 'absolute-form with a bad port is refused', bytes: target('http://example.org:80a/'), verdict: 'bad_target' },
  { name: 'absolute-form with another scheme is refused', bytes: target('ftp://example.org/'), verdict: 'bad_target' },
  { name: 'absolute-form with one slash is refused', bytes: target('http:/example.org/'), verdict: 'bad_target' },
  { name: 'a relative target is refused', bytes: target('a/b'), verdict: 'bad_target' },
  { name: 'a target that is a query is refused', bytes: target('?a=b'), verdict: 'bad_target' },
  { name: 'authority-form without CONNECT is refused', bytes: target('example.org:443'), verdict: 'bad_target' },
  { name: 'CONNECT is not allowed', bytes: target('example.org:443', 'CONNECT'), verdict: 'connect_not_allowed' },
  { name: 'TRACE is not allowed', bytes: target('/', 'TRACE'), verdict: 'trace_not_allowed' },
  { name: '* with OPTIONS is accepted', bytes: target('*', 'OPTIONS'), verdict: 'accepted' },
  { name: 'OPTIONS with a path is accepted', bytes: target('/a', 'OPTIONS'), verdict: 'accepted' },
  { name: '* with GET is refused', bytes: target('*'), verdict: 'bad_target' },
  { name: '*a with OPTIONS is refused', bytes: target('*a', 'OPTIONS'), verdict: 'bad_target' },
  { name: 'a missing Host is refused', bytes: 'GET / HTTP/1.1\r\nA: b\r\n\r\n', verdict: 'missing_host' },
  { name: 'no field at all is a missing Host', bytes: 'GET / HTTP/1.1\r\n\r\n', verdict: 'missing_host' },
  { name: 'two Hosts are refused', bytes: get('Host: example.org\r\n'), verdict: 'duplicate_host' },
  { name: 'two identical Hosts are refused', bytes: get(HOST), verdict: 'duplicate_host' },
  {
    name: 'two Hosts in HTTP/1.0 are refused',
    bytes: `GET / HTTP/1.0\r\n${HOST}${HOST}\r\n`,
    verdict: 'duplicate_host',
  },
  { name: 'an invalid Host in HTTP/1.0 is refused', bytes: 'GET / HTTP/1.0\r\nHost: a b\r\n\r\n', verdict: 'bad_host' },
  { name: 'a Host with a port is accepted', bytes: host('example.com:8080'), verdict: 'accepted' },
  { name: 'a Host with an empty port is accepted', bytes: host('example.com:'), verdict: 'accepted' },
  { name: 'an IPv4 Host is accepted', bytes: host('127.0.0.1:80'), verdict: 'accepted' },
  { name: 'an IPv6 Host is accepted', bytes: host('[2001:db8::1]:80'), verdict: 'accepted' },
  {
    name: 'a Host with an underscore and an escape is accepted',
    bytes: host('a_b%2Dc.example.com'),
    verdict: 'accepted',
  },
  { name: 'an empty Host is refused', bytes: host(''), verdict: 'bad_host' },
  { name: 'a Host that is only a port is refused', bytes: host(':80'), verdict: 'bad_host' },
  { name: 'a Host with a path and user information is refused', bytes: host('a/b@c'), verdict: 'bad_host' },
  { name: 'a Host with user information is refused', bytes: host('me@example.com'), verdict: 'bad_host' },
  { name: 'a Host with a space is refused', bytes: host('example.com evil'), verdict: 'bad_host' },
  { name: 'a Host that is a list is refused', bytes: host('example.com, example.org'), verdict: 'bad_host' },
  { name: 'a Host with obs-text is refused', bytes: host('ex\xe4mple.com'), verdict: 'bad_host' },
  { name: 'a Host with a broken escape is refused', bytes: host('a%2'), verdict: 'bad_host' },
  { name: 'a Host with a port above 65535 is refused', bytes: host('example.com:65536'), verdict: 'bad_host' },
  { name: 'a Host with a port that is no number is refused', bytes: host('example.com:http'), verdict: 'bad_host' },
  { name: 'a Host with two ports is refused', bytes: host('example.com:80:80'), verdict: 'bad_host' },
  { name: 'a bare IPv6 Host is refused', bytes: host('::1'), verdict: 'bad_host' },
  { name: 'an IPv6 Host without its bracket is refused', bytes: host('[::1'), verdict: 'bad_host' },
  { name: 'an IPv6 Host that is no address is refused', bytes: host('[1::2::3]'), verdict: 'bad_host' },
  { name: 'a name in brackets is refused', bytes: host('[example.com]'), verdict: 'bad_host' },
];

const EXPECTATIONS: readonly RequestCase[] = [
  {
    name: 'Expect: 100-continue is accepted in any case',
    bytes: post('Expect: 100-Continue\r\nContent-Length: 5\r\n', 'hello'),
    verdict: 'accepted',
  },
  { name: 'an unknown expectation fails', bytes: get('Expect: 200-ok\r\n'), verdict: 'unknown_expectation' },
  { name: 'an empty expectation fails', bytes: get('Expect:\r\n'), verdict: 'unknown_expectation' },
  {
    name: 'a second, unknown expectation fails',
    bytes: get('Expect: 100-continue, a\r\n'),
    verdict: 'unknown_expectation',
  },
  { name: 'Upgrade is accepted', bytes: get('Connection: Upgrade\r\nUpgrade: websocket\r\n'), verdict: 'accepted' },
  {
    name: 'Upgrade to h2c is an ordinary request',
    bytes: get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n'),
    verdict: 'accepted',
  },
  {
    name: 'Upgrade with a body is refused',
    bytes: post('Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n', 'hello'),
    verdict: 'upgrade_with_body',
  },
  {
    name: 'Upgrade with a chunked body is refused',
    bytes: post('Upgrade: h2c\r\nTransfer-Encoding: chunked\r\nConnection: close, upgrade\r\n', '0\r\n\r\n'),
    verdict: 'upgrade_with_body',
  },
  {
    name: 'Upgrade that Connection does not list may have a body',
    bytes: post('Upgrade: h2c\r\nContent-Length: 5\r\n', 'hello'),
    verdict: 'accepted',
  },
  {
    name: 'sixty-four connection options are accepted',
    bytes: get(`Connection: ${Array.from({ length: 64 }, (_, i) => `o${i}`).join(', ')}\r\n`),
    verdict: 'accepted',
  },
  {
    name: 'sixty-five connection options are refused',
    bytes: get(`Connection: ${Array.from({ length: 64 }, (_, i) => `o${i}`).join(',')}\r\nConnection: close\r\n`),
    verdict: 'too_many_connection_options',
  },
];

/** For limits of at least 8 KiB for the request line, 16 KiB for the head and 100 fields. */
export const REQUEST_CASES: readonly RequestCase[] = [...FRAMING, ...SYNTAX, ...TARGETS, ...EXPECTATIONS];
