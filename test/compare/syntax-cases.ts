import { type CaseGroup, type CaseList, group } from './compare-case.ts';

const HOST = 'Host: example.com\r\n';

function get(fields: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function line(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

function host(value: string): string {
  return `GET / HTTP/1.1\r\nHost:${value}\r\n\r\n`;
}

const LINE_ENDS: CaseList = [
  ['a request with bare LFs only', 'GET / HTTP/1.1\nHost: example.com\n\n'],
  ['a request with bare CRs only', 'GET / HTTP/1.1\rHost: example.com\r\r'],
  ['LF CR instead of CRLF', 'GET / HTTP/1.1\n\rHost: example.com\n\r\n\r'],
  ['two CRs before the LF of the request line', `GET / HTTP/1.1\r\r\n${HOST}\r\n`],
  ['two bare LFs before the request', `\n\n${get('')}`],
  ['ten empty lines before the request', '\r\n'.repeat(10) + get('')],
  ['a line of spaces before the request', `  \r\n${get('')}`],
  ['NUL before the request', `\0${get('')}`],
  ['a byte order mark before the request', `\xef\xbb\xbf${get('')}`],
  ['an empty line between request line and fields', `GET / HTTP/1.1\r\n\r\n${HOST}\r\n`],
];

const REQUEST_LINES: CaseList = [
  ['two versions', line('GET / HTTP/1.1 HTTP/1.1')],
  ['a space in the target', line('GET /a b HTTP/1.1')],
  ['a method in lower case', line('get / HTTP/1.1')],
  ['a method of symbols', line("!#$%&'*+-.^_`|~ / HTTP/1.1")],
  ['a method with a colon', line('GET: / HTTP/1.1')],
  ['a method with an underscore', line('MY_METHOD / HTTP/1.1')],
  ['a method of digits', line('123 / HTTP/1.1')],
  ['a method with obs-text', line('GE\xd4 / HTTP/1.1')],
  ['NUL in the method', line('G\0T / HTTP/1.1')],
  ['a method of a hundred letters', line(`${'M'.repeat(100)} / HTTP/1.1`)],
  ['a request line that is a field', line('Host: example.com')],
  ['a request line that is a status line', line('HTTP/1.1 200 OK')],
  ['a target with dot segments', line('GET /a/../../b HTTP/1.1')],
  ['a target with encoded dot segments', line('GET /a/%2e%2e/%2e%2e/b HTTP/1.1')],
  ['a target with two slashes', line('GET //evil.example/a HTTP/1.1')],
  ['a target with a backslash', line('GET /a\\..\\b HTTP/1.1')],
  ['a target with an encoded NUL', line('GET /a%00b HTTP/1.1')],
  ['a target with an encoded CRLF', line('GET /a%0d%0aX:%20y HTTP/1.1')],
  ['a target with a broken escape', line('GET /a%zz HTTP/1.1')],
  ['a target with half an escape', line('GET /a% HTTP/1.1')],
  ['a target with UTF-8', line('GET /caf\xc3\xa9 HTTP/1.1')],
  ['a target with a vertical tab', line('GET /a\x0bb HTTP/1.1')],
  ['a target with an HTAB', line('GET /a\tb HTTP/1.1')],
  ['a target of 7 KiB', line(`GET /${'a'.repeat(7 * 1024)} HTTP/1.1`)],
  ['a target of 9 KiB', line(`GET /${'a'.repeat(9 * 1024)} HTTP/1.1`)],
  ['a target that begins with @', line('GET @evil.example/ HTTP/1.1')],
  ['a target that begins with a colon', line('GET :80/ HTTP/1.1')],
  ['a target with *, and more', line('OPTIONS */a HTTP/1.1')],
  ['* with POST', line('POST * HTTP/1.1')],
  ['an absolute-form with another Host', line('GET http://other.example/a HTTP/1.1')],
  ['an absolute-form with another port', line('GET http://example.com:81/a HTTP/1.1')],
  ['an absolute-form with the scheme in upper case', line('GET HTTP://EXAMPLE.COM/ HTTP/1.1')],
  ['an absolute-form with a password', line('GET http://a:b@example.com/ HTTP/1.1')],
  ['an absolute-form with a backslash in its authority', line('GET http://evil.example\\example.com/ HTTP/1.1')],
  ['an absolute-form with a fragment', line('GET http://example.com/#a HTTP/1.1')],
  ['an absolute-form with the scheme file', line('GET file:///etc/passwd HTTP/1.1')],
  ['an absolute-form of OPTIONS without a path', line('OPTIONS http://example.com HTTP/1.1')],
  ['an absolute-form in HTTP/1.0 without Host', 'GET http://example.com/ HTTP/1.0\r\n\r\n'],
];

const VERSIONS: CaseList = [
  ['HTTP/1.0 with keep-alive', `GET / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`],
  ['HTTP/1.9', line('GET / HTTP/1.9')],
  ['HTTP/1.1.1', line('GET / HTTP/1.1.1')],
  ['HTTP/11', line('GET / HTTP/11')],
  ['HTTP/1.', line('GET / HTTP/1.')],
  ['HTTP/.1', line('GET / HTTP/.1')],
  ['HTTP /1.1', line('GET / HTTP /1.1')],
  ['HTTP/ 1.1', line('GET / HTTP/ 1.1')],
  ['HTTP/1.1 with an HTAB behind it', line('GET / HTTP/1.1\t')],
  ['HTTP/1.1 with NUL behind it', line('GET / HTTP/1.1\0')],
  ['HTTP/1.1 with a letter behind it', line('GET / HTTP/1.1a')],
  ['HTTPS/1.1', line('GET / HTTPS/1.1')],
  ['RTSP/1.0', line('GET / RTSP/1.0')],
  ['HTTP/0.9 with fields', line('GET / HTTP/0.9')],
  ['a simple request of HTTP/0.9 with an empty line', 'GET /\r\n\r\n'],
  ['a simple request of HTTP/0.9 with fields', `GET /\r\n${HOST}\r\n`],
  ['the whole preface of HTTP/2 and a SETTINGS frame', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
];

const FIELDS: CaseList = [
  ['a space in a field name', get('A B: c\r\n')],
  ['a field name with /', get('A/B: c\r\n')],
  ['a field name with @', get('A@B: c\r\n')],
  ['a field name with [', get('A[: c\r\n')],
  ['a field name with {', get('A{: c\r\n')],
  ['a field name with a quote', get('A": c\r\n')],
  ['a field name with a semicolon', get('A;B: c\r\n')],
  ['a field name with a backslash', get('A\\B: c\r\n')],
  ['a field name with =', get('A=B: c\r\n')],
  ['a field name with DEL', get('A\x7f: c\r\n')],
  ['a field name with an underscore', get('A_B: c\r\n')],
  ['a field name of digits', get('123: c\r\n')],
  ['a pseudo field of HTTP/2', get(':method: DELETE\r\n')],
  ['a line of spaces in the head', get('   \r\nA: b\r\n')],
  ['a backspace in a value', get('A: b\x08c\r\n')],
  ['a form feed in a value', get('A: b\x0cc\r\n')],
  ['ESC in a value', get('A: b\x1bc\r\n')],
  ['a control character of C1 in a value', get('A: b\x85c\r\n')],
  ['NUL at the end of a value', get('A: b\0\r\n')],
  ['a vertical tab around a value', get('A: \x0bb\r\n')],
  ['a folded first field', `GET / HTTP/1.1\r\nA: b\r\n c\r\n${HOST}\r\n`],
  ['a value folded with two lines', get('A: b\r\n c\r\n\td\r\n')],
  ['a field of 7 KiB', get(`A: ${'b'.repeat(7 * 1024)}\r\n`)],
  ['a field of 9 KiB', get(`A: ${'b'.repeat(9 * 1024)}\r\n`)],
  ['a field of 17 KiB', get(`A: ${'b'.repeat(17 * 1024)}\r\n`)],
  ['a field name of 1 KiB', get(`${'A'.repeat(1024)}: b\r\n`)],
  ['ninety fields', get('A: b\r\n'.repeat(90))],
  ['a hundred and twenty fields', get('A: b\r\n'.repeat(120))],
  ['a thousand fields', get('A: b\r\n'.repeat(1000))],
];

const HOSTS: CaseList = [
  ['a Host without a space before it', host('example.com')],
  ['a Host with NUL', host(' a\0b')],
  ['a Host with an HTAB', host(' a\tb')],
  ['a Host with a query', host(' a?b')],
  ['a Host with a fragment', host(' a#b')],
  ['a Host with a backslash', host(' a\\b')],
  ['a Host with dot segments', host(' a/../b')],
  ['a Host that is a URI', host(' http://example.com/')],
  ['a Host with an address and more behind its bracket', host(' [::1]evil')],
  ['a Host with a negative port', host(' example.com:-1')],
  ['a Host with a port and user information', host(' example.com:80@evil.example')],
  ['a Host with quotes', host(' "example.com"')],
  ['a Host with angle brackets', host(' <script>')],
  ['a Host that is *', host(' *')],
  ['a Host that is a dot', host(' .')],
  ['a Host with two dots', host(' a..b')],
  ['a Host with a dot at its end', host(' example.com.')],
  ['a Host in upper case', host(' EXAMPLE.COM')],
  ['a Host on a folded line', host('\r\n example.com')],
  ['a Host with a space before its colon', 'GET / HTTP/1.1\r\nHost : example.com\r\n\r\n'],
  ['a second Host in lower case', get('host: evil.example\r\n')],
  ['a second Host that is empty', get('Host:\r\n')],
  ['a second Host with a space before its colon', get('Host : evil.example\r\n')],
  ['a Host that is folded into the line before', `GET / HTTP/1.1\r\nA: b\r\n ${HOST}\r\n`],
  ['a Host of 300 letters', host(` ${'a'.repeat(300)}`)],
];

export const SYNTAX_GROUPS: readonly CaseGroup[] = [
  group('Ends of lines', LINE_ENDS),
  group('Request lines', REQUEST_LINES),
  group('Versions', VERSIONS),
  group('Fields', FIELDS),
  group('Host', HOSTS),
];
