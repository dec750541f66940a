import t from 'tap';
import { COMPLETE, INCOMPLETE, INVALID } from '../../src/http1/parse-status.ts';
import { CHUNKED, CLOSE, LENGTH, NONE, ResponseHead } from '../../src/http1/response-head.ts';
import { RESPONSE_CASES } from './response-cases.ts';
import { DIVISIONS, feed } from './segments.ts';

const LIMITS = { headerBytes: 16384, headers: 100 };

interface Parsed {
  readonly head: ResponseHead;
  readonly text: (start: number, end: number) => string;
  /** Names of the fields that are to be forwarded. */
  readonly forwarded: string[];
}

function parse(message: string, headRequest = false): Parsed {
  const bytes = Buffer.from(`garbage${message}`, 'latin1');
  const head = new ResponseHead(LIMITS);
  head.reset(headRequest);
  if (head.parse(bytes, 7, bytes.length) !== COMPLETE) throw new Error(head.reason);
  const text = (start: number, end: number) => bytes.toString('latin1', 7 + start, 7 + end);
  const { count, drop, positions } = head.fields;
  const forwarded = Array.from({ length: count }, (_, i) => i)
    .filter((i) => drop[i] === 0)
    .map((i) => text(positions[4 * i] ?? 0, positions[4 * i + 1] ?? 0));
  return { head, text, forwarded };
}

function response(status: string, fields = ''): string {
  return `HTTP/1.1 ${status}\r\n${fields}\r\n`;
}

function bodyKind(message: string, headRequest = false): number {
  return parse(message, headRequest).head.bodyKind;
}

function keepAlive(message: string): boolean {
  return parse(message).head.keepAlive;
}

function verdict(text: string, limits: typeof LIMITS): string {
  const verdicts = Object.values(DIVISIONS).map((divide) => {
    const bytes = Buffer.from(text, 'latin1');
    const head = new ResponseHead(limits);
    const { status } = feed(head, bytes, divide(bytes));
    return status === INVALID ? head.reason : status === COMPLETE ? 'accepted' : 'incomplete';
  });
  return [...new Set(verdicts)].join();
}

for (const { name, bytes, verdict: expected } of RESPONSE_CASES) {
  t.test(name, async (t) => {
    for (const [division, divide] of Object.entries(DIVISIONS)) {
      const input = Buffer.from(bytes, 'latin1');
      const head = new ResponseHead(LIMITS);
      head.reset(false);
      const { status } = feed(head, input, divide(input));
      t.equal(status === INVALID ? head.reason : 'accepted', expected, division);
      if (expected === 'accepted') t.same([status, head.length], [COMPLETE, bytes.length], division);
    }
  });
}

t.test('positions are relative to the start of the head', async (t) => {
  const { head, text } = parse('HTTP/1.0 404 Not Here\r\nA:  b \r\nContent-Length: 2\r\n\r\nhi');
  t.same([head.base, head.status, head.minor, head.fields.count], [7, 404, 0, 2]);
  t.equal(text(head.reasonStart, head.reasonEnd), 'Not Here');
  const [nameStart = 0, nameEnd = 0, valueStart = 0, valueEnd = 0, next = 0] = head.fields.positions;
  t.same([text(nameStart, nameEnd), text(valueStart, valueEnd)], ['A', 'b']);
  t.equal(text(nameStart, next), 'A:  b \r\n');
  t.equal(text(head.length, head.length + 2), 'hi');
});

t.test('a status without a phrase has an empty one', async (t) => {
  for (const line of ['HTTP/1.1 200', 'HTTP/1.1 200 ']) {
    const { head } = parse(`${line}\r\nA: b\r\n\r\n`);
    t.same([head.status, head.reasonStart, head.reasonEnd], [200, line.length, line.length]);
  }
});

t.test('the body ends as RFC 9112 6.3 says', async (t) => {
  t.equal(bodyKind(response('200 OK', 'Content-Length: 5\r\n')), LENGTH);
  t.equal(bodyKind(response('200 OK', 'Content-Length: 0\r\n')), LENGTH);
  t.equal(bodyKind(response('200 OK', 'Transfer-Encoding: chunked\r\n')), CHUNKED);
  t.equal(bodyKind(response('200 OK')), CLOSE);
  t.equal(bodyKind(response('100 Continue')), NONE);
  t.equal(bodyKind(response('103 Early Hints')), NONE);
  t.equal(bodyKind(response('204 No Content')), NONE);
  t.equal(bodyKind(response('304 Not Modified', 'Content-Length: 5\r\n')), NONE);
  t.equal(bodyKind(response('304 Not Modified', 'Transfer-Encoding: chunked\r\n')), NONE);
  t.equal(bodyKind(response('200 OK', 'Content-Length: 5\r\n'), true), NONE);
  t.equal(bodyKind(response('200 OK', 'Transfer-Encoding: chunked\r\n'), true), NONE);
  t.equal(bodyKind(response('200 OK'), true), NONE);
});

t.test('an answer to HEAD and a 304 keep their Content-Length', async (t) => {
  const answer = parse(response('200 OK', 'Content-Length: 5\r\n'), true);
  t.same([answer.head.contentLength, answer.forwarded], [5, ['Content-Length']]);
  const notModified = parse(response('304 Not Modified', 'Content-Length: 5\r\n'));
  t.same([notModified.head.contentLength, notModified.forwarded], [5, ['Content-Length']]);
});

t.test('1xx and 204 lose Content-Length and Transfer-Encoding', async (t) => {
  for (const status of ['103 Early Hints', '204 No Content']) {
    for (const field of ['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n']) {
      const { head, forwarded } = parse(response(status, `A: b\r\n${field}`));
      t.same(
        [head.bodyKind, head.contentLength, head.chunked, forwarded],
        [NONE, -1, false, ['A']],
        `${status} ${field}`,
      );
      t.equal(head.keepAlive, false, 'a body may follow all the same');
    }
  }
  const { head, forwarded } = parse(response('204 No Content', 'Content-Length: 0\r\n'));
  t.same([head.keepAlive, forwarded], [true, []]);
});

t.test('the upstream connection is kept unless the response says otherwise or ends with it', async (t) => {
  t.equal(keepAlive(response('200 OK', 'Content-Length: 0\r\n')), true);
  t.equal(keepAlive(response('200 OK', 'Content-Length: 0\r\nConnection: Close\r\n')), false);
  t.equal(keepAlive(response('200 OK', 'Connection: keep-alive\r\n')), false);
  t.equal(keepAlive(response('304 Not Modified')), true);
  t.equal(keepAlive('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'), false);
  t.equal(keepAlive('HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n'), true);
});

t.test('Keep-Alive tells how long an idle connection lives', async (t) => {
  const timeout = (value: string) => parse(response('200 OK', `Keep-Alive: ${value}\r\n`)).head.keepAliveTimeout;
  t.equal(timeout('timeout=5'), 5);
  t.equal(timeout('max=100, Timeout=72'), 72);
  t.equal(timeout('timeout=5, max=100'), 5);
  t.equal(timeout('timeout=five'), -1);
  t.equal(timeout('max=100'), -1);
  t.equal(timeout(''), -1);
  t.equal(parse(response('200 OK')).head.keepAliveTimeout, -1);
});

t.test('hop-by-hop fields and those that Connection lists are not forwarded', async (t) => {
  const { forwarded } = parse(
    response(
      '200 OK',
      'Connection: x-a, set-cookie, date, x-forwarded-for\r\nX-A: 1\r\nSet-Cookie: 2\r\nKeep-Alive: timeout=5\r\n' +
        'Proxy-Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nDate: d\r\n',
    ),
  );
  t.same(forwarded, ['Set-Cookie', 'Proxy-Authenticate', 'Date']);
});

t.test('Date and Server are noticed', async (t) => {
  const both = parse(response('200 OK', 'date: x\r\nSERVER: y\r\n')).head;
  t.same([both.hasDate, both.hasServer], [true, true]);
  const neither = parse(response('200 OK', 'Dated: x\r\n')).head;
  t.same([neither.hasDate, neither.hasServer], [false, false]);
});

t.test('a 101 says that it upgrades by Upgrade and Connection together', async (t) => {
  const both = parse(response('101 Switching Protocols', 'Upgrade: websocket\r\nConnection: Upgrade\r\n')).head;
  t.same([both.informational, both.upgrade, both.bodyKind], [true, true, NONE]);
  t.equal(parse(response('101 Switching Protocols', 'Upgrade: websocket\r\n')).head.upgrade, false);
  t.equal(parse(response('101 Switching Protocols', 'Connection: upgrade\r\n')).head.upgrade, false);
});

t.test('after a 1xx the parser is reset and reads the final response', async (t) => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nDate: a\r\nKeep-Alive: timeout=9\r\n\r\n';
  const bytes = Buffer.from(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n`);
  const head = new ResponseHead(LIMITS);
  head.reset(false);
  t.equal(head.parse(bytes, 0, bytes.length), COMPLETE);
  t.same([head.status, head.informational, head.length], [103, true, interim.length]);
  head.reset(false);
  t.equal(head.parse(bytes, interim.length, bytes.length), COMPLETE);
  t.same([head.status, head.informational, head.hasDate, head.keepAliveTimeout], [200, false, false, -1]);
  t.same([head.contentLength, head.fields.count], [3, 1]);
});

t.test('a head of exactly the limits is accepted, and one more byte or field is too much', async (t) => {
  const text = response('200 OK', 'A: b\r\nC: d\r\n');
  t.equal(verdict(text, { headerBytes: text.length, headers: 2 }), 'accepted');
  t.equal(verdict(`${text}body`, { headerBytes: text.length, headers: 2 }), 'accepted');
  t.equal(verdict(text, { headerBytes: text.length - 1, headers: 2 }), 'head_too_large');
  t.equal(verdict(text, { headerBytes: text.length, headers: 1 }), 'too_many_fields');
  t.equal(verdict(`HTTP/1.1 200 ${'x'.repeat(100)}`, { headerBytes: 50, headers: 2 }), 'head_too_large');
});

t.test('a head that is cut anywhere is incomplete', async (t) => {
  const text = response('200 OK', 'A: b\r\n');
  for (let end = 0; end < text.length; end++) {
    const bytes = Buffer.from(text.slice(0, end));
    t.equal(new ResponseHead(LIMITS).parse(bytes, 0, end), INCOMPLETE, `${end} bytes`);
  }
});

t.test('a refused head stays refused until the parser is reset', async (t) => {
  const bad = Buffer.from('HTTP/1.1 200 OK\n\r\n');
  const good = Buffer.from('HTTP/1.1 200 OK\r\n\r\n');
  const head = new ResponseHead(LIMITS);
  t.equal(head.parse(bad, 0, bad.length), INVALID);
  t.equal(head.parse(good, 0, good.length), INVALID);
  head.reset(false);
  t.equal(head.parse(good, 0, good.length), COMPLETE);
});
