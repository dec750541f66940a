import fc from 'fast-check';
import t from 'tap';
import { ChunkedDecoder } from '../../src/http1/chunked.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from '../../src/http1/parse-status.ts';
import { CHUNKED_CASES } from './chunked-cases.ts';
import { DIVISIONS } from './segments.ts';

const LIMITS = { chunkExtensionBytes: 4096, trailerBytes: 1024, trailers: 10 };

interface Decoded {
  readonly status: ParseStatus;
  /** `accepted`, `incomplete` or the reason. */
  readonly verdict: string;
  readonly content: string;
  readonly kept: string;
  /** Bytes that belong to the body. */
  readonly consumed: number;
}

function ranges(buffer: Buffer, positions: Int32Array, count: number): string {
  return Array.from({ length: count }, (_, i) =>
    buffer.toString('latin1', positions[2 * i], positions[2 * i + 1]),
  ).join('');
}

/** Feeds a body in segments, each at another place of another buffer, as sockets do. */
function decode(bytes: Buffer, ends: readonly number[], limits = LIMITS): Decoded {
  const decoder = new ChunkedDecoder(limits);
  let content = '';
  let kept = '';
  let consumed = 0;
  let status: ParseStatus = INCOMPLETE;
  for (const end of ends) {
    const offset = consumed % 13;
    const buffer = Buffer.concat([Buffer.alloc(offset), bytes.subarray(consumed, end)]);
    let at = offset;
    while (status === INCOMPLETE && at < buffer.length) {
      status = decoder.decode(buffer, at, buffer.length);
      content += ranges(buffer, decoder.data, decoder.dataCount);
      kept += ranges(buffer, decoder.kept, decoder.keptCount);
      if (status !== INVALID) {
        consumed += decoder.consumed - at;
        at = decoder.consumed;
      }
    }
    if (status !== INCOMPLETE) break;
  }
  const verdict = status === INVALID ? decoder.reason : status === COMPLETE ? 'accepted' : 'incomplete';
  return { status, verdict, content, kept, consumed };
}

function whole(text: string, limits = LIMITS): Decoded {
  const bytes = Buffer.from(text, 'latin1');
  return decode(bytes, [bytes.length], limits);
}

function verdict(text: string, limits: typeof LIMITS): string {
  const bytes = Buffer.from(text, 'latin1');
  return [...new Set(Object.values(DIVISIONS).map((divide) => decode(bytes, divide(bytes), limits).verdict))].join();
}

for (const { name, bytes, verdict: expected, content } of CHUNKED_CASES) {
  t.test(name, async (t) => {
    for (const [division, divide] of Object.entries(DIVISIONS)) {
      const input = Buffer.from(`${bytes}GET / HTTP/1.1\r\n`, 'latin1');
      const result = decode(input, divide(input));
      t.equal(result.verdict, expected, division);
      if (expected !== 'accepted') continue;
      t.equal(result.content, content, `${division}: content`);
      t.equal(result.consumed, bytes.length, `${division}: what follows is the next message`);
      const again = whole(result.kept);
      t.same([again.verdict, again.content], ['accepted', content], `${division}: what is kept is a valid body`);
      t.equal(again.kept, result.kept);
      t.notMatch(result.kept, /;|A:/, `${division}: without extensions and trailers`);
    }
  });
}

t.test('a body without extensions and trailers is kept as one range', async (t) => {
  const bytes = Buffer.from('5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n');
  const decoder = new ChunkedDecoder(LIMITS);
  t.equal(decoder.decode(bytes, 0, bytes.length), COMPLETE);
  t.same([decoder.done, decoder.consumed, decoder.keptCount, decoder.dataCount], [true, bytes.length, 1, 2]);
  t.same([...decoder.kept.subarray(0, 2)], [0, bytes.length]);
  t.same([...decoder.data.subarray(0, 4)], [3, 8, 13, 19]);
});

t.test('the largest size is accepted', async (t) => {
  const bytes = Buffer.from('001FFFFFFFFFFFFF\r\nhello');
  const decoder = new ChunkedDecoder(LIMITS);
  t.equal(decoder.decode(bytes, 0, bytes.length), INCOMPLETE);
  t.same([decoder.consumed, ...decoder.data.subarray(0, 2)], [bytes.length, 18, 23]);
});

t.test('more chunks than one call returns take several calls', async (t) => {
  const text = `${'1\r\na\r\n'.repeat(1000)}0\r\n\r\n`;
  const bytes = Buffer.from(text);
  const decoder = new ChunkedDecoder(LIMITS);
  t.equal(decoder.decode(bytes, 0, bytes.length), INCOMPLETE);
  t.ok(decoder.consumed > 0 && decoder.consumed < bytes.length);
  t.same(whole(text), {
    status: COMPLETE,
    verdict: 'accepted',
    content: 'a'.repeat(1000),
    kept: text,
    consumed: text.length,
  });
});

t.test('more extensions than one call has ranges for take several calls', async (t) => {
  const result = whole(`${'1;e\r\na\r\n'.repeat(1000)}0\r\n\r\n`);
  t.same([result.verdict, result.kept], ['accepted', `${'1\r\na\r\n'.repeat(1000)}0\r\n\r\n`]);
});

t.test('limits of trailers hold exactly', async (t) => {
  const limits = { ...LIMITS, trailerBytes: 12, trailers: 2 };
  t.equal(verdict('0\r\nA: b\r\nC: d\r\n\r\n', limits), 'accepted');
  t.equal(verdict('0\r\nA: b\r\nC: de\r\n\r\n', limits), 'trailers_too_large');
  t.equal(verdict('0\r\nA:\r\nB:\r\nC:\r\n\r\n', limits), 'trailers_too_large');
  t.equal(verdict('0\r\nA: b\r\n\r\n', { ...limits, trailers: 0 }), 'trailers_too_large');
  t.equal(verdict('0\r\n\r\n', { ...limits, trailerBytes: 0, trailers: 0 }), 'accepted');
});

t.test('a limit of zero allows no extension', async (t) => {
  t.equal(verdict('0;\r\n\r\n', { ...LIMITS, chunkExtensionBytes: 0 }), 'chunk_extensions_too_large');
  t.equal(verdict('0\r\n\r\n', { ...LIMITS, chunkExtensionBytes: 0 }), 'accepted');
});

t.test('nothing of a call that is refused is to be passed on, and nothing is read after it', async (t) => {
  const bytes = Buffer.from('5\r\nhello\nGET / HTTP/1.1\r\n');
  const decoder = new ChunkedDecoder(LIMITS);
  t.equal(decoder.decode(bytes, 0, bytes.length), INVALID);
  t.same([decoder.dataCount, decoder.keptCount, decoder.done], [0, 0, false]);
  t.equal(decoder.decode(Buffer.from('0\r\n\r\n'), 0, 5), INVALID);
});

t.test('a decoder that is reset reads another body', async (t) => {
  const decoder = new ChunkedDecoder({ chunkExtensionBytes: 2, trailerBytes: 6, trailers: 1 });
  const bytes = Buffer.from('1;a\r\nx\r\n0\r\nA: b\r\n\r\n');
  for (let turn = 0; turn < 3; turn++) {
    decoder.reset();
    t.equal(decoder.decode(bytes, 0, bytes.length), COMPLETE);
  }
  decoder.reset();
  t.equal(decoder.decode(Buffer.from('2'), 0, 1), INCOMPLETE);
  decoder.reset();
  t.equal(decoder.decode(bytes, 0, bytes.length), COMPLETE, 'also from within a body');
});

const body = fc
  .array(
    fc.record({ data: fc.string({ minLength: 1, maxLength: 40 }), extension: fc.constantFrom('', ';a', ';a="b"') }),
    { maxLength: 20 },
  )
  .map((chunks) => ({
    content: chunks.map(({ data }) => Buffer.from(data).toString('latin1')).join(''),
    bytes: `${chunks
      .map(({ data, extension }) => {
        const bytes = Buffer.from(data).toString('latin1');
        return `${bytes.length.toString(16)}${extension}\r\n${bytes}\r\n`;
      })
      .join('')}0\r\n`,
  }));

t.test('any valid body gives its content back, however it is divided', async () => {
  fc.assert(
    fc.property(body, fc.constantFrom('', 'A: b\r\n'), fc.array(fc.nat()), ({ content, bytes }, trailer, cuts) => {
      const input = Buffer.from(`${bytes}${trailer}\r\n`, 'latin1');
      const ends = [...cuts.map((cut) => cut % (input.length + 1)).sort((a, b) => a - b), input.length];
      const result = decode(input, ends);
      return result.verdict === 'accepted' && result.content === content && whole(result.kept).content === content;
    }),
    { numRuns: 500, seed: 3 },
  );
});

t.test('any mutated body gets the same verdict and content, however it is divided', async () => {
  const texts = fc.constantFrom(...CHUNKED_CASES.map((one) => one.bytes).filter((bytes) => bytes.length < 200));
  const pieces = fc.constantFrom('\r', '\n', '\r\n', '0', 'f', ';', ':', ' ', '\t', '\0', '5\r\n', '0\r\n\r\n', '\xff');
  fc.assert(
    fc.property(texts, fc.nat(), fc.nat(3), pieces, fc.array(fc.nat()), (text, place, removed, piece, cuts) => {
      const at = place % (text.length + 1);
      const input = Buffer.from(text.slice(0, at) + piece + text.slice(at + removed), 'latin1');
      const ends = [...cuts.map((cut) => cut % (input.length + 1)).sort((a, b) => a - b), input.length];
      const divided = decode(input, ends);
      const { verdict, content, kept, consumed } = decode(input, [input.length]);
      // Nothing of a refused call counts, so only its verdict can be compared.
      if (divided.status === INVALID) return divided.verdict === verdict;
      return (
        divided.verdict === verdict &&
        divided.content === content &&
        divided.kept === kept &&
        divided.consumed === consumed
      );
    }),
    { numRuns: 3000, seed: 3 },
  );
});
