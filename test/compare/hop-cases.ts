import { type CaseGroup, type CaseList, group } from './compare-case.ts';

const HOST = 'Host: example.com\r\n';

function get(fields: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function post(fields: string, body = 'hello'): string {
  return `POST /form HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

const CONNECTION: CaseList = [
  ['Connection names Content-Length', post('Connection: content-length\r\nContent-Length: 5\r\n')],
  [
    'Connection names Transfer-Encoding',
    post('Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
  ],
  ['Connection names Host', get('Connection: host\r\n')],
  [
    'Connection names Authorization and Cookie',
    get('Connection: authorization, cookie\r\nAuthorization: a\r\nCookie: b\r\n'),
  ],
  ['Connection names X-Forwarded-For', get('Connection: x-forwarded-for\r\nX-Forwarded-For: 10.0.0.1\r\n')],
  ['Connection names a field', get('Connection: close, x-a\r\nX-A: b\r\n')],
  ['Connection names a field in a second line', get('Connection: keep-alive\r\nConnection: x-a\r\nX-A: b\r\n')],
  ['Connection names itself', get('Connection: connection\r\n')],
  ['Connection of commas', get('Connection: ,,,\r\n')],
  ['Connection with a quoted option', get('Connection: "close"\r\n')],
  ['Connection that is no token', get('Connection: a b\xff\r\n')],
  ['Keep-Alive and Proxy-Connection', get('Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n')],
  ['TE of trailers', get('TE: trailers\r\nConnection: TE\r\n')],
  ['TE of gzip', get('TE: gzip\r\n')],
  ['Proxy-Authorization', get('Proxy-Authorization: Basic eDp5\r\n')],
  ['X-Forwarded-For of an untrusted client', get('X-Forwarded-For: 10.0.0.1\r\n')],
  ['X_Forwarded_For of an untrusted client', get('X_Forwarded_For: 10.0.0.1\r\n')],
  ['Forwarded of an untrusted client', get('Forwarded: for=10.0.0.1\r\n')],
];

const EXPECTATIONS: CaseList = [
  ['Expect: 100-continue in a GET', get('Expect: 100-continue\r\n')],
  ['Expect: 100-continue twice', post('Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n')],
  [
    'Expect: 100-continue in HTTP/1.0',
    `POST / HTTP/1.0\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
  ],
  ['Expect with a word before 100-continue', post('Expect: y 100-continue\r\nContent-Length: 5\r\n')],
  ['Expect with a vertical tab before 100-continue', post('Expect: \x0b100-continue\r\nContent-Length: 5\r\n')],
  ['Expect on a folded line', post('Expect:\r\n 100-continue\r\nContent-Length: 5\r\n')],
  ['Expect with a space before its colon', post('Expect : 100-continue\r\nContent-Length: 5\r\n')],
  [
    'Expect: 100-continue with a chunked body',
    post('Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
  ],
  ['Expect with a parameter', post('Expect: 100-continue;a=b\r\nContent-Length: 5\r\n')],
];

const UPGRADES: CaseList = [
  [
    'an upgrade to h2c',
    get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
  ],
  [
    'an upgrade to h2c with a body',
    post('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 5\r\n'),
  ],
  ['an upgrade that Connection does not name', get('Upgrade: websocket\r\n')],
  ['an upgrade in HTTP/1.0', `GET / HTTP/1.0\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`],
  ['an upgrade without a protocol', get('Connection: upgrade\r\n')],
  ['an upgrade to an empty protocol', get('Connection: upgrade\r\nUpgrade:\r\n')],
  [
    'an upgrade in a POST without a body',
    post('Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n', ''),
  ],
];

const METHODS: CaseList = [
  ['CONNECT in authority-form', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n'],
  ['CONNECT in origin-form', `CONNECT / HTTP/1.1\r\n${HOST}\r\n`],
  ['CONNECT with a body', `CONNECT example.com:443 HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
  ['TRACE', `TRACE / HTTP/1.1\r\n${HOST}\r\n`],
  ['TRACE with Max-Forwards of 0', `TRACE / HTTP/1.1\r\n${HOST}Max-Forwards: 0\r\n\r\n`],
  ['OPTIONS with Max-Forwards of 0', `OPTIONS / HTTP/1.1\r\n${HOST}Max-Forwards: 0\r\n\r\n`],
  ['OPTIONS with Max-Forwards of 5', `OPTIONS / HTTP/1.1\r\n${HOST}Max-Forwards: 5\r\n\r\n`],
  ['GET with Max-Forwards of 0', get('Max-Forwards: 0\r\n')],
  ['PURGE', `PURGE /a HTTP/1.1\r\n${HOST}\r\n`],
];

const PIPELINES: CaseList = [
  ['two GETs', `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n`],
  ['a POST and a GET', `${post('Content-Length: 5\r\n')}GET /2 HTTP/1.1\r\n${HOST}\r\n`],
  ['a chunked POST and a GET', `${post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n')}GET /2 HTTP/1.1\r\n${HOST}\r\n`],
  ['an empty line behind a body', `${post('Content-Length: 5\r\n')}\r\n`],
  ['garbage behind a body', `${post('Content-Length: 5\r\n')}garbage`],
  ['a request behind Connection: close', get('Connection: close\r\n')],
  [
    'a request that is refused behind one that is not',
    `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\nA : b\r\n\r\n`,
  ],
];

export const HOP_GROUPS: readonly CaseGroup[] = [
  group('Connection and hop-by-hop fields', CONNECTION),
  group('Expect', EXPECTATIONS),
  group('Upgrade', UPGRADES),
  group('Methods', METHODS),
  group('Pipelining', PIPELINES),
];
