import t from 'tap';
import { Body, CHUNKED_BODY, LENGTH_BODY } from '../../src/proxy/body.ts';

const LIMITS = { chunkExtensionBytes: 4_096, trailerBytes: 4_096, trailers: 10 };

/** What is passed on of a chunked body, a write for each `take`. */
function passedOn(text: string, bare: boolean): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const body = new Body(LIMITS, null);
  body.begin(CHUNKED_BODY, 0, bare);
  const writes: string[] = [];
  for (let at = 0; at < bytes.length && !body.done; ) {
    at = body.take(bytes, at, bytes.length);
    if (body.rangeCount === 0) continue;
    const [from] = body.ranges;
    writes.push(bytes.toString('latin1', from, body.join(bytes)));
  }
  return writes;
}

t.test('the data of many tiny chunks is joined: a write for each would fill memory for a slow reader', async (t) => {
  const chunks = Array.from({ length: 1_000 }, (_, i) => String.fromCharCode(97 + (i % 26)));
  const writes = passedOn(`${chunks.map((letter) => `1\r\n${letter}\r\n`).join('')}0\r\n\r\n`, true);
  t.equal(writes.join(''), chunks.join(''));
  t.ok(writes.length <= 8, `${writes.length} writes`);
});

t.test('what is kept of chunks with extensions is joined', async (t) => {
  const writes = passedOn('2;a=b\r\nhi\r\n3;c\r\nyou\r\n0;d\r\n\r\n', false);
  t.strictSame(writes, ['2\r\nhi\r\n3\r\nyou\r\n0\r\n\r\n']);
});

t.test('a single range is left as it is', async (t) => {
  const body = new Body(LIMITS, null);
  body.begin(LENGTH_BODY, 5, false);
  const bytes = Buffer.from('hello, next');
  t.equal(body.take(bytes, 0, bytes.length), 5);
  t.equal(body.join(bytes), 5);
  t.equal(bytes.toString(), 'hello, next');
});
