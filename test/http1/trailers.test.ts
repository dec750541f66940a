import fc from 'fast-check';
import t from 'tap';
import { ChunkedDecoder } from '../../src/http1/chunked.ts';
import { COMPLETE, INCOMPLETE } from '../../src/http1/parse-status.ts';
import { TrailerNames } from '../../src/http1/trailer-names.ts';
import { DIVISIONS } from './segments.ts';

const LIMITS = { chunkExtensionBytes: 4096, trailerBytes: 1024, trailers: 10 };
const NAMES = new TrailerNames(['server-timing', 'grpc-status']);

/** What is passed on of a body that arrives in pieces with these ends, each piece in a buffer of its own; else the reason. */
function passedOn(text: string, ends: readonly number[], decoder = new ChunkedDecoder(LIMITS, NAMES)): string {
  const bytes = Buffer.from(text, 'latin1');
  let out = '';
  let start = 0;
  for (const end of ends) {
    const piece = Buffer.concat([Buffer.alloc(3, 'z'), bytes.subarray(start, end)]);
    let at = 3;
    while (at < piece.length) {
      const status = decoder.decode(piece, at, piece.length);
      if (status !== INCOMPLETE && status !== COMPLETE) return decoder.reason;
      for (let i = 0; i < decoder.keptCount; i += 1) {
        out += piece.toString('latin1', decoder.kept[2 * i], decoder.kept[2 * i + 1]);
      }
      at = decoder.consumed;
      if (status === COMPLETE) return out + decoder.trailers.toString('latin1');
    }
    start = end;
  }
  return 'incomplete';
}

for (const [name, text, expected] of [
  [
    'a listed trailer is passed on, in any case and as it came',
    'Server-TIMING:  a;b=1 \r\n',
    'Server-TIMING:  a;b=1 \r\n',
  ],
  ['an unlisted one is not', 'X-Sum: 1\r\n', ''],
  [
    'listed ones are passed on among others, in order',
    'A: 1\r\nGrpc-Status: 0\r\nB: 2\r\nServer-Timing: x\r\nC: 3\r\n',
    'Grpc-Status: 0\r\nServer-Timing: x\r\n',
  ],
  [
    'a name that begins or ends like a listed one is another',
    'server-timing2: 1\r\nserver-timin: 2\r\nxserver-timing: 3\r\n',
    '',
  ],
  ['a listed name in a value is no name', 'X: server-timing: 1\r\n', ''],
  ['an empty value is one', 'grpc-status:\r\n', 'grpc-status:\r\n'],
  ['one that comes twice comes twice', 'grpc-status: 0\r\ngrpc-status: 1\r\n', 'grpc-status: 0\r\ngrpc-status: 1\r\n'],
] as const) {
  t.test(name, async (t) => {
    const text5 = `5;x=y\r\nhello\r\n0\r\n${text}\r\n`;
    for (const [division, divide] of Object.entries(DIVISIONS)) {
      t.equal(passedOn(text5, divide(Buffer.from(text5))), `5\r\nhello\r\n0\r\n${expected}\r\n`, division);
    }
  });
}

t.test('a broken trailer refuses the body, whether it is listed or not', async (t) => {
  for (const line of [
    'server-timing : 1',
    ' server-timing: 1',
    'server-timing',
    ': 1',
    'server-timing: a\rb',
    'grpc-status: 0\r\n x',
  ]) {
    const text = `0\r\n${line}\r\n\r\n`;
    for (const [division, divide] of Object.entries(DIVISIONS)) {
      t.equal(passedOn(text, divide(Buffer.from(text))), 'bad_trailer', `${JSON.stringify(line)} ${division}`);
    }
  }
});

t.test('limits of trailers count listed and unlisted ones alike', async (t) => {
  const long = `server-timing: ${'x'.repeat(1_100)}\r\n`;
  t.equal(passedOn(`0\r\n${long}\r\n`, [1_000, 1_200]), 'trailers_too_large');
  const many = `0\r\n${'grpc-status: 0\r\n'.repeat(11)}\r\n`;
  t.equal(passedOn(many, [many.length]), 'trailers_too_large');
});

t.test('a decoder that is reset forgets the trailers of the body before', async (t) => {
  const decoder = new ChunkedDecoder(LIMITS, NAMES);
  const bodies = ['0\r\nserver-timing: 1\r\n\r\n', '1\r\na\r\n0\r\n\r\n', '0\r\ngrpc-status: 2\r\n\r\n'];
  for (const body of bodies) {
    decoder.reset();
    t.equal(passedOn(body, [body.length], decoder), body);
  }
  const first = (() => {
    decoder.reset();
    passedOn(bodies[0] ?? '', [23], decoder);
    return decoder.trailers;
  })();
  decoder.reset();
  passedOn(bodies[2] ?? '', [21], decoder);
  t.equal(first.toString(), 'server-timing: 1\r\n\r\n', 'what may still wait in a socket is not written over');
});

t.test('what is passed on does not depend on how a body was divided, and is the listed lines alone', async () => {
  const name = fc.constantFrom('server-timing', 'SERVER-TIMING', 'grpc-status', 'x-sum', 'host', 'server-timing-');
  const line = fc.tuple(name, fc.constantFrom(':', ': ', ':\t '), fc.stringMatching(/^[ -~\t]{0,12}$/));
  const body = fc.record({
    chunks: fc.array(fc.string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' }), { maxLength: 3 }),
    trailers: fc.array(line, { maxLength: 8 }),
    cuts: fc.array(fc.nat(400), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(body, ({ chunks, trailers, cuts }) => {
      const data = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
      const lines = trailers.map(([name, colon, value]) => `${name}${colon}${value}\r\n`);
      const listed = lines.filter((_, i) => /^(server-timing|grpc-status)$/i.test(trailers[i]?.[0] ?? ''));
      const text = `${data}0\r\n${lines.join('')}\r\n`;
      const ends = [...new Set(cuts.filter((cut) => cut > 0 && cut < text.length))].sort((a, b) => a - b);
      return passedOn(text, [...ends, text.length]) === `${data}0\r\n${listed.join('')}\r\n`;
    }),
    { seed: 9110, numRuns: 2_000 },
  );
});
