import { createHash } from 'node:crypto';
import t from 'tap';
import { isIntact, outgoing } from './outgoing.ts';
import type { Stream } from './stream.ts';

const STREAM: Stream = { name: 'plain', rate: 100, host: 'shop.test', posts: 1 };
const some = Array.from({ length: 48 }, (_, index) => outgoing(STREAM, index, `id-${index}`, 0));

t.test('bodies are of 0 B to 64 KiB, counted and chunked, and no two of a length above 1 are the same', async (t) => {
  for (const chunked of [true, false]) {
    const of = some.filter(({ head }) => head.includes('chunked') === chunked);
    const lengths = of.map(({ content }) => content.length);
    t.equal(Math.min(...lengths), 0);
    t.equal(Math.max(...lengths), 65_536);
  }
  const long = some.filter(({ content }) => content.length > 1);
  t.equal(new Set(long.map(({ content }) => content.toString('latin1'))).size, long.length);
});

t.test('a counted body has its length, a chunked one its chunks and their end', async (t) => {
  for (const { head, pieces, content } of some) {
    const written = Buffer.concat(pieces).toString('latin1');
    if (!head.includes('chunked')) {
      t.match(head, `content-length: ${content.length}\r\n`);
      t.equal(written, content.toString('latin1'));
      continue;
    }
    let rest = written;
    let read = '';
    for (;;) {
      const size = Number.parseInt(rest, 16);
      const start = rest.indexOf('\r\n') + 2;
      read += rest.slice(start, start + size);
      rest = rest.slice(start + size + 2);
      if (size === 0) break;
    }
    t.equal(rest, '');
    t.equal(read, content.toString('latin1'));
  }
});

t.test('the part of POST requests is kept within every stretch', async (t) => {
  const methods = Array.from({ length: 40 }, (_, index) => outgoing({ ...STREAM, posts: 0.25 }, index, 'i', 0).method);
  for (let from = 0; from < 40; from += 4) {
    t.equal(methods.slice(from, from + 4).filter((method) => method === 'POST').length, 1);
  }
});

t.test('a body is intact when the Pod tells its very length and digest', async (t) => {
  const request = outgoing(STREAM, 3, 'id', 0);
  const sha256 = createHash('sha256').update(request.content).digest('hex');
  const told = (value: unknown) => isIntact(request, Buffer.from(JSON.stringify(value)));
  t.ok(request.content.length > 0);
  t.equal(told({ length: request.content.length, sha256 }), true);
  t.equal(told({ length: request.content.length + 1, sha256 }), false);
  t.equal(told({ length: request.content.length, sha256: sha256.replace(/^./, 'x') }), false);
  t.equal(told(null), false);
  t.equal(isIntact(request, Buffer.from('no JSON')), false);
});
