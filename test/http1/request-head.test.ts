import t from 'tap';
import { Method } from '../../src/http1/method.ts';
import { COMPLETE, INCOMPLETE, INVALID } from '../../src/http1/parse-status.ts';
import { REQUEST_REASONS } from '../../src/http1/reason.ts';
import { ABSOLUTE, ASTERISK, ORIGIN, RequestHead } from '../../src/http1/request-head.ts';
import { REQUEST_CASES } from './request-cases.ts';
import { DIVISIONS, feed } from './segments.ts';

const LIMITS = { requestLineBytes: 8192, headerBytes: 16384, headers: 100 };

function parsed(
  text: string,
  limits = LIMITS,
): { head: RequestHead; text: (start: number, end: number) => string; status: number } {
  const bytes = Buffer.from(`garbage${text}`, 'latin1');
  const head = new RequestHead(limits);
  const status = head.parse(bytes, 7, bytes.length);
  return { head, status, text: (start, end) => bytes.toString('latin1', head.base + start, head.base + end) };
}

function verdict(text: string, limits: typeof LIMITS): string {
  const verdicts = Object.values(DIVISIONS).map((divide) => {
    const bytes = Buffer.from(text, 'latin1');
    const head = new RequestHead(limits);
    const { status } = feed(head, bytes, divide(bytes));
    return status === INVALID ? head.reason : status === COMPLETE ? 'accepted' : 'incomplete';
  });
  return [...new Set(verdicts)].join();
}

/** A head of 32 bytes and as many more as its last value is long. */
function head(valueBytes: number): string {
  return `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(valueBytes)}\r\n\r\n`;
}

for (const { name, bytes, verdict: expected } of REQUEST_CASES) {
  t.test(name, async (t) => {
    for (const [division, divide] of Object.entries(DIVISIONS)) {
      const input = Buffer.from(bytes, 'latin1');
      const head = new RequestHead(LIMITS);
      const { status } = feed(head, input, divide(input));
      t.equal(status === INVALID ? head.reason : 'accepted', expected, division);
      if (expected !== 'accepted') continue;
      t.equal(status, COMPLETE, division);
      t.equal(
        head.length,
        bytes.search(/[^\r\n]/) + bytes.trimStart().indexOf('\r\n\r\n') + 4,
        `${division}: nothing behind the head is taken`,
      );
    }
  });
}

t.test('every reason has a status that a client may be given', async (t) => {
  const statuses = new Set<number>(Object.values(REQUEST_REASONS));
  t.same(
    [...statuses].sort((a, b) => a - b),
    [400, 405, 414, 417, 431, 501, 505],
  );
  const reached = new Set<string>(REQUEST_CASES.map((one) => one.verdict));
  const elsewhere = ['head_too_large', 'uri_too_long', 'too_many_fields'];
  const unreached = Object.keys(REQUEST_REASONS).filter(
    (reason) => !reached.has(reason) && !elsewhere.includes(reason),
  );
  t.ok(
    unreached.every((reason) => /chunk|trailer/.test(reason)),
    `${unreached.join()}: the codes of chunked bodies, tested there`,
  );
});

t.test('a refused head stays refused', async (t) => {
  const bytes = Buffer.from('GET / HTTP/1.1\nHost: a\r\n\r\n');
  const head = new RequestHead(LIMITS);
  t.equal(head.parse(bytes, 0, bytes.length), INVALID);
  t.equal(head.parse(bytes, 0, bytes.length), INVALID);
  t.equal(head.reason, 'bare_lf');
});

t.test('positions are relative to the start of the head', async (t) => {
  const { head, status, text } = parsed(
    '\r\nPOST /a/b?c=d?e HTTP/1.1\r\nHost: Example.com:8080\r\nX-A:\t b c \r\nB:\r\n\r\nbody',
  );
  t.equal(status, COMPLETE);
  t.equal(head.base, 7);
  t.equal(text(head.methodStart, head.methodEnd), 'POST');
  t.equal(text(head.targetStart, head.targetEnd), '/a/b?c=d?e');
  t.equal(text(head.pathStart, head.pathEnd), '/a/b?c=d?e');
  t.equal(text(head.queryStart, head.pathEnd), '?c=d?e');
  t.equal(text(head.hostStart, head.hostEnd), 'Example.com:8080');
  t.equal(text(head.hostStart, head.hostNameEnd), 'Example.com');
  t.equal(text(head.length, head.length + 4), 'body');
  const { count, positions } = head.fields;
  const fields = Array.from({ length: count }, (_, i) => [
    text(positions[4 * i] ?? 0, positions[4 * i + 1] ?? 0),
    text(positions[4 * i + 2] ?? 0, positions[4 * i + 3] ?? 0),
  ]);
  t.same(fields, [
    ['Host', 'Example.com:8080'],
    ['X-A', 'b c'],
    ['B', ''],
  ]);
  t.equal(text(positions[4] ?? 0, positions[8] ?? 0), 'X-A:\t b c \r\n', 'a line reaches to the next name');
  t.equal(
    text(positions[8] ?? 0, head.length - 2),
    'B:\r\n',
    'the last line ends two bytes before the end of the head',
  );
});

t.test('a parser that is reset reads the next of pipelined requests', async (t) => {
  const bytes = Buffer.from(
    'POST /1 HTTP/1.0\r\nContent-Length: 0\r\nMax-Forwards: 3\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  const head = new RequestHead(LIMITS);
  t.equal(head.parse(bytes, 0, bytes.length), COMPLETE);
  t.equal(head.hostStart, -1);
  t.equal(head.maxForwards, 3);
  const second = head.length;
  head.reset();
  t.equal(head.parse(bytes, second, bytes.length), COMPLETE);
  t.equal(bytes.toString('latin1', second + head.pathStart, second + head.pathEnd), '/2');
  t.equal(bytes.toString('latin1', second + head.hostStart, second + head.hostEnd), 'a');
  t.equal(head.method, Method.GET);
  t.equal(head.minor, 1);
  t.equal(head.contentLength, -1);
  t.equal(head.maxForwards, -1);
  t.equal(head.fields.count, 1);
  t.equal(second + head.length, bytes.length);
});

t.test('the authority of an absolute-form target replaces Host', async (t) => {
  const { head, text } = parsed('GET http://Real.example:81/a?b HTTP/1.1\r\nHost: other.example\r\n\r\n');
  t.equal(head.targetForm, ABSOLUTE);
  t.equal(text(head.hostStart, head.hostEnd), 'Real.example:81');
  t.equal(text(head.hostStart, head.hostNameEnd), 'Real.example');
  t.equal(text(head.pathStart, head.pathEnd), '/a?b');
  t.equal(text(head.queryStart, head.pathEnd), '?b');
});

t.test('an absolute-form target without a path has an empty one', async (t) => {
  const { head, text } = parsed('OPTIONS http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n');
  t.equal(head.pathStart, head.pathEnd);
  t.equal(text(head.hostStart, head.hostEnd), 'a.example');
});

t.test('an absolute-form target with a query and no path has a path that begins with it', async (t) => {
  const { head, text } = parsed('GET http://a.example?b=c/d HTTP/1.1\r\nHost: a.example\r\n\r\n');
  t.equal(text(head.pathStart, head.pathEnd), '?b=c/d');
  t.equal(head.queryStart, head.pathStart);
});

t.test('the form of the target is told', async (t) => {
  t.equal(parsed('GET /a HTTP/1.0\r\n\r\n').head.targetForm, ORIGIN);
  const { head, text } = parsed('OPTIONS * HTTP/1.0\r\n\r\n');
  t.equal(head.targetForm, ASTERISK);
  t.equal(text(head.pathStart, head.pathEnd), '*');
});

t.test('the host name of an IPv6 authority keeps its brackets and loses its port', async (t) => {
  const { head, text } = parsed('GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n');
  t.equal(text(head.hostStart, head.hostNameEnd), '[::1]');
});

t.test('a request line of exactly the limit is accepted, and one byte more is too long', async (t) => {
  const limits = { ...LIMITS, requestLineBytes: 40 };
  const line = `GET /${'a'.repeat(26)} HTTP/1.1`;
  t.equal(line.length, 40);
  t.equal(verdict(`${line}\r\nHost: a\r\n\r\n`, limits), 'accepted');
  t.equal(verdict(`\r\n${line}\r\nHost: a\r\n\r\n`, limits), 'accepted', 'empty lines before it do not count');
  t.equal(verdict(`GET /${'a'.repeat(27)} HTTP/1.1\r\nHost: a\r\n\r\n`, limits), 'uri_too_long');
  t.equal(verdict(`${'M'.repeat(41)} / HTTP/1.1\r\nHost: a\r\n\r\n`, limits), 'uri_too_long');
  t.equal(verdict(`GET / ${'V'.repeat(35)}\r\nHost: a\r\n\r\n`, limits), 'uri_too_long');
  t.equal(verdict('M'.repeat(40), limits), 'incomplete');
  t.equal(verdict('M'.repeat(41), limits), 'uri_too_long', 'without waiting for its end');
});

t.test('a head of exactly the limit is accepted, and one byte more is too large', async (t) => {
  const limits = { ...LIMITS, headerBytes: 60 };
  t.equal(head(28).length, 60);
  t.equal(verdict(head(28), limits), 'accepted');
  t.equal(verdict(head(29), limits), 'head_too_large');
  t.equal(verdict(`\r\n${head(26)}`, limits), 'accepted');
  t.equal(verdict(`\r\n${head(27)}`, limits), 'head_too_large', 'empty lines before the request count');
  t.equal(verdict('\r\n'.repeat(31), limits), 'head_too_large');
  t.equal(verdict(head(28).slice(0, 59), limits), 'incomplete');
  t.equal(
    verdict(head(40).slice(0, 60), limits),
    'head_too_large',
    'without waiting for a byte that could not be kept',
  );
});

t.test('bytes behind a head of the limit do not count', async (t) => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  t.equal(verdict(`${text}GET / HTTP/1.1`, { ...LIMITS, headerBytes: text.length }), 'accepted');
});

t.test('as many fields as the limit are accepted, and one more is too many', async (t) => {
  const limits = { ...LIMITS, headers: 3 };
  t.equal(verdict('GET / HTTP/1.1\r\nHost: a\r\nB: b\r\nC: c\r\n\r\n', limits), 'accepted');
  t.equal(verdict('GET / HTTP/1.1\r\nHost: a\r\nB: b\r\nC: c\r\nD: d\r\n\r\n', limits), 'too_many_fields');
});

t.test('a head that is cut anywhere is incomplete', async (t) => {
  const text = '\r\nGET / HTTP/1.1\r\nHost: a\r\nB: b\r\n\r\n';
  for (let end = 0; end < text.length; end++) t.equal(parsed(text.slice(0, end)).status, INCOMPLETE, `${end} bytes`);
});

t.test('every control character is refused in target, name and value', async (t) => {
  const controls = Array.from({ length: 33 }, (_, i) => (i === 32 ? 0x7f : i)).map((code) => String.fromCharCode(code));
  for (const control of controls) {
    const code = JSON.stringify(control);
    t.equal(parsed(`GET /${control}a HTTP/1.1\r\nHost: a\r\n\r\n`).status, INVALID, `target ${code}`);
    t.equal(parsed(`GET / HTTP/1.1\r\nHost: a\r\nA${control}: b\r\n\r\n`).status, INVALID, `name ${code}`);
    const value = parsed(`GET / HTTP/1.1\r\nHost: a\r\nA: b${control}c\r\n\r\n`);
    t.equal(value.status, control === '\t' ? COMPLETE : INVALID, `value ${code}`);
  }
});
