import t from 'tap';
import { bytes } from '../../src/http1/bytes.ts';
import { Field } from '../../src/http1/fields.ts';
import { COMPLETE } from '../../src/http1/parse-status.ts';
import { RequestHead } from '../../src/http1/request-head.ts';

const LIMITS = { requestLineBytes: 8192, headerBytes: 16384, headers: 100 };

interface Parsed {
  readonly head: RequestHead;
  readonly buffer: Buffer;
  /** Names of the fields that are to be forwarded. */
  readonly forwarded: string[];
}

function parse(fields: string, start = 'GET / HTTP/1.1\r\nHost: a\r\n'): Parsed {
  const buffer = Buffer.from(`${start}${fields}\r\n`, 'latin1');
  const head = new RequestHead(LIMITS);
  if (head.parse(buffer, 0, buffer.length) !== COMPLETE) throw new Error(head.reason);
  const { count, drop, positions } = head.fields;
  const forwarded = Array.from({ length: count }, (_, i) => i)
    .filter((i) => drop[i] === 0)
    .map((i) => buffer.toString('latin1', positions[4 * i], positions[4 * i + 1]));
  return { head, buffer, forwarded };
}

t.test('hop-by-hop fields are not forwarded', async (t) => {
  const { forwarded } = parse(
    'Connection: close\r\nKEEP-ALIVE: timeout=5\r\nProxy-Connection: close\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n' +
      'Upgrade: h2c\r\nTrailer: A\r\nProxy-Authorization: Basic eDp5\r\nProxy-Authenticate: Basic\r\nA: b\r\n',
  );
  t.same(forwarded, ['Host', 'Proxy-Authenticate', 'A']);
});

t.test('every field that Connection lists is not forwarded', async (t) => {
  const { forwarded } = parse(
    'X-One: 1\r\nConnection: x-one ,, X-TWO\r\nx-two: 2\r\nX-Two: 3\r\nConnection: \tx-three\t\r\nX-Three: 4\r\nX-On: 5\r\n',
  );
  t.same(forwarded, ['Host', 'X-On']);
});

t.test('Connection cannot remove what the server behind relies on (CVE-2026-33805)', async (t) => {
  const names = [
    'Host',
    'Content-Length',
    'Authorization',
    'Cookie',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Client-Cert',
    'X-Real-Ip',
    'Forwarded',
    'Via',
    'Content-Type',
    'Content-Encoding',
    'Content-Range',
    'Cache-Control',
    'Expect',
    'Max-Forwards',
    'Date',
  ];
  const fields = names.slice(1).map((name) => `${name}: ${name === 'Expect' ? '100-continue' : '1'}\r\n`);
  const { forwarded } = parse(`Connection: ${names.join(', ').toLowerCase()}\r\n${fields.join('')}`);
  t.same(forwarded, names);
});

t.test('an option that is no token names no field', async (t) => {
  t.same(parse('Connection: x-a;b, "x-a", x a\r\nX-A: 1\r\n').forwarded, ['Host', 'X-A']);
});

t.test('HTTP/1.1 is kept alive unless Connection says close', async (t) => {
  t.equal(parse('').head.keepAlive, true);
  t.equal(parse('Connection: keep-alive\r\n').head.keepAlive, true);
  t.equal(parse('Connection: x, Close\r\n').head.keepAlive, false);
  t.equal(parse('Connection: close, keep-alive\r\n').head.keepAlive, false);
  t.equal(parse('Connection: closed\r\n').head.keepAlive, true);
});

t.test('HTTP/1.0 is kept alive only when Connection says keep-alive', async (t) => {
  const start = 'GET / HTTP/1.0\r\n';
  t.equal(parse('', start).head.keepAlive, false);
  t.equal(parse('Connection: Keep-Alive\r\n', start).head.keepAlive, true);
  t.equal(parse('Connection: keep-alive\r\nConnection: close\r\n', start).head.keepAlive, false);
});

t.test('the length of the body is told', async (t) => {
  const none = parse('').head;
  t.same([none.contentLength, none.chunked, none.hasBody], [-1, false, false]);
  const zero = parse('Content-Length: 0\r\n').head;
  t.same([zero.contentLength, zero.chunked, zero.hasBody], [0, false, false]);
  const largest = parse('Content-Length: 9007199254740991\r\n').head;
  t.same([largest.contentLength, largest.chunked, largest.hasBody], [Number.MAX_SAFE_INTEGER, false, true]);
  const chunked = parse('Transfer-Encoding: chunked\r\n').head;
  t.same([chunked.contentLength, chunked.chunked, chunked.hasBody], [-1, true, true]);
});

t.test('an expectation counts in HTTP/1.1 with a body', async (t) => {
  t.equal(parse('Expect: 100-continue\r\nContent-Length: 1\r\n').head.expectContinue, true);
  t.equal(parse('Expect: 100-continue\r\n').head.expectContinue, false);
  t.equal(parse('Content-Length: 1\r\n').head.expectContinue, false);
});

t.test('an expectation in HTTP/1.0 is ignored and not forwarded', async (t) => {
  const { head, forwarded } = parse('Expect: 100-continue\r\nContent-Length: 1\r\n', 'POST / HTTP/1.0\r\n');
  t.equal(head.expectContinue, false);
  t.same(forwarded, ['Content-Length']);
});

t.test('an upgrade is asked for by Upgrade and Connection together in HTTP/1.1', async (t) => {
  t.equal(parse('Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n').head.upgrade, true);
  t.equal(parse('Upgrade: websocket\r\n').head.upgrade, false);
  t.equal(parse('Connection: upgrade\r\n').head.upgrade, false);
  t.equal(parse('Upgrade: websocket\r\nConnection: upgrade\r\n', 'GET / HTTP/1.0\r\n').head.upgrade, false);
});

t.test('Max-Forwards is a number or not there', async (t) => {
  t.equal(parse('Max-Forwards: 0\r\n').head.maxForwards, 0);
  t.equal(parse('Max-Forwards: 10\r\n').head.maxForwards, 10);
  t.equal(parse('Max-Forwards: ten\r\n').head.maxForwards, -1);
  t.equal(parse('').head.maxForwards, -1);
});

t.test('every name of Field is recognised in any case', async (t) => {
  for (const [constant, id] of Object.entries(Field)) {
    if (id === Field.OTHER || id === Field.HOST || id === Field.ALIAS) continue;
    const name = constant.toLowerCase().replaceAll('_', '-');
    const value = id === Field.TRANSFER_ENCODING ? 'chunked' : id === Field.EXPECT ? '100-continue' : '1';
    for (const spelling of [name, name.toUpperCase()])
      t.equal(parse(`${spelling}: ${value}\r\n`).head.fields.ids[1], id, spelling);
    t.equal(parse(`${name}x: 1\r\n`).head.fields.ids[1], Field.OTHER, `${name}x`);
    t.equal(parse(`${name.replace(/.$/, '~')}: 1\r\n`).head.fields.ids[1], Field.OTHER);
  }
});

t.test('what frames or vouches, written with underscores, frames nothing and is not forwarded', async (t) => {
  const { head, forwarded } = parse(
    'Content_Length: 5\r\nTRANSFER_ENCODING: chunked\r\nX_Forwarded-For: 6.6.6.6\r\nx-forwarded_proto: https\r\n' +
      'X_Forwarded_Host: b\r\nX_Real_IP: 6.6.6.6\r\nContent_Type: a\r\nX_Forwarded_Fox: b\r\nX_Forwarded.For: b\r\nA_B: c\r\n',
  );
  t.same(forwarded, ['Host', 'Content_Type', 'X_Forwarded_Fox', 'X_Forwarded.For', 'A_B']);
  t.equal(head.contentLength, -1);
  t.equal(head.chunked, false);
});

t.test('find gives the fields of a name one after another', async (t) => {
  const { head, buffer } = parse('X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n');
  const name = bytes('x-a');
  t.equal(head.fields.find(buffer, name), 1);
  t.equal(head.fields.find(buffer, name, 2), 3);
  t.equal(head.fields.find(buffer, name, 4), -1);
  t.equal(head.fields.find(buffer, bytes('x-c')), -1);
  t.equal(head.fields.find(buffer, bytes('x-')), -1);
});

t.test('find follows a head whose bytes have moved', async (t) => {
  const { head, buffer } = parse('X-A: 1\r\n');
  const moved = Buffer.concat([Buffer.from('elsewhere'), buffer]);
  head.base = 9;
  t.equal(head.fields.find(moved, bytes('x-a')), 1);
});

t.test('the members of all Via fields are counted as hops', async (t) => {
  t.equal(parse('').head.hops, 0);
  t.equal(parse('Via: 1.1 a\r\n').head.hops, 1);
  t.equal(parse('Via: 1.0 fred, 1.1 p.example.net\r\nvia: 1.1 c\r\n').head.hops, 3);
});
