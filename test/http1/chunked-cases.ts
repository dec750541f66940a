import type { ChunkReason } from '../../src/http1/reason.ts';

/** A chunked body as raw bytes (latin1), what a strict server makes of it and, when accepted, its content. */
export interface ChunkedCase {
  readonly name: string;
  readonly bytes: string;
  readonly verdict: 'accepted' | ChunkReason;
  readonly content?: string;
}

const EXTENSION_LIMIT = 4096;

const SIZES: readonly ChunkedCase[] = [
  { name: 'an empty body is accepted', bytes: '0\r\n\r\n', verdict: 'accepted', content: '' },
  {
    name: 'two chunks are accepted',
    bytes: '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
    verdict: 'accepted',
    content: 'hello world',
  },
  {
    name: 'a size may have digits of both cases',
    bytes: 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n',
    verdict: 'accepted',
    content: '01234567890123456789',
  },
  {
    name: 'a size may have leading zeros',
    bytes: '0000000000000005\r\nhello\r\n000\r\n\r\n',
    verdict: 'accepted',
    content: 'hello',
  },
  {
    name: 'data may look like framing',
    bytes: '9\r\n0\r\n\r\n\r\n\r\n\r\n0\r\n\r\n',
    verdict: 'accepted',
    content: '0\r\n\r\n\r\n\r\n',
  },
  {
    name: 'a size of seventeen digits is refused',
    bytes: '00000000000000005\r\nhello\r\n0\r\n\r\n',
    verdict: 'bad_chunk_size',
  },
  { name: 'a size of 2^53 is refused', bytes: '20000000000000\r\nhello', verdict: 'bad_chunk_size' },
  {
    name: 'a size that overflows 64 bits is refused',
    bytes: '10000000000000005\r\nhello\r\n0\r\n\r\n',
    verdict: 'bad_chunk_size',
  },
  { name: 'the largest 64-bit size is refused', bytes: 'ffffffffffffffff\r\nhello', verdict: 'bad_chunk_size' },
  { name: 'an empty size is refused', bytes: '\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'an extension without a size is refused', bytes: ';a\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a space before the size is refused', bytes: ' 5\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a space after the size is refused', bytes: '5 \r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'an HTAB after the size is refused', bytes: '5\t\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  {
    name: 'a space between size and extension is refused',
    bytes: '5 ;a\r\nhello\r\n0\r\n\r\n',
    verdict: 'bad_chunk_size',
  },
  { name: 'a size with 0x is refused', bytes: '0x5\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a size with a plus is refused', bytes: '+5\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a size with a minus is refused', bytes: '-5\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a size that is no number is refused', bytes: 'g\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a size with an underscore is refused', bytes: '1_0\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a bare LF after the size is refused', bytes: '5\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'a bare CR after the size is refused', bytes: '5\rhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'two CRs after the size are refused', bytes: '5\r\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'data longer than its size is refused', bytes: '5\r\nhello!\r\n0\r\n\r\n', verdict: 'bad_chunk_end' },
  { name: 'data without CRLF behind it is refused', bytes: '5\r\nhello0\r\n\r\n', verdict: 'bad_chunk_end' },
  { name: 'a bare LF after data is refused', bytes: '5\r\nhello\n0\r\n\r\n', verdict: 'bad_chunk_end' },
  { name: 'a bare CR after data is refused', bytes: '5\r\nhello\r0\r\n\r\n', verdict: 'bad_chunk_end' },
];

const EXTENSIONS: readonly ChunkedCase[] = [
  { name: 'an extension is dropped', bytes: '5;a=b\r\nhello\r\n0\r\n\r\n', verdict: 'accepted', content: 'hello' },
  {
    name: 'a quoted extension is dropped',
    bytes: '5;a="\\"b;\xe9"\r\nhello\r\n0;last\r\n\r\n',
    verdict: 'accepted',
    content: 'hello',
  },
  {
    name: 'extensions of 4 KiB in all are dropped',
    bytes: `1;${'a'.repeat(EXTENSION_LIMIT - 3)}\r\nx\r\n0;b\r\n\r\n`,
    verdict: 'accepted',
    content: 'x',
  },
  {
    name: 'extensions of one byte more than 4 KiB in all are refused',
    bytes: `1;${'a'.repeat(EXTENSION_LIMIT - 2)}\r\nx\r\n0;b\r\n\r\n`,
    verdict: 'chunk_extensions_too_large',
  },
  {
    name: 'many small extensions are refused when they are too large in all',
    bytes: `${'1;abcdefg\r\nx\r\n'.repeat(EXTENSION_LIMIT / 8)}1;\r\nx\r\n0\r\n\r\n`,
    verdict: 'chunk_extensions_too_large',
  },
  { name: 'a bare LF in an extension is refused', bytes: '5;a\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_extension' },
  {
    name: 'a bare LF in a quoted extension is refused',
    bytes: '5;a="\n"\r\nhello\r\n0\r\n\r\n',
    verdict: 'bad_chunk_extension',
  },
  { name: 'a bare CR in an extension is refused', bytes: '5;a\rb\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_size' },
  { name: 'NUL in an extension is refused', bytes: '5;\0\r\nhello\r\n0\r\n\r\n', verdict: 'bad_chunk_extension' },
];

const TRAILERS: readonly ChunkedCase[] = [
  {
    name: 'trailers are dropped',
    bytes: '5\r\nhello\r\n0\r\nA: b\r\nHost: c\r\n\r\n',
    verdict: 'accepted',
    content: 'hello',
  },
  { name: 'an empty trailer is dropped', bytes: '0\r\nA:\r\n\r\n', verdict: 'accepted', content: '' },
  { name: 'a trailer with a space before the colon is refused', bytes: '0\r\nA : b\r\n\r\n', verdict: 'bad_trailer' },
  { name: 'a trailer without a colon is refused', bytes: '0\r\nGET / HTTP/1.1\r\n\r\n', verdict: 'bad_trailer' },
  { name: 'a trailer without a name is refused', bytes: '0\r\n: b\r\n\r\n', verdict: 'bad_trailer' },
  { name: 'a folded trailer is refused', bytes: '0\r\nA: b\r\n c\r\n\r\n', verdict: 'bad_trailer' },
  { name: 'a bare LF after a trailer is refused', bytes: '0\r\nA: b\n\r\n', verdict: 'bad_trailer' },
  { name: 'a bare CR in a trailer is refused', bytes: '0\r\nA: b\rc\r\n\r\n', verdict: 'bad_trailer' },
  { name: 'NUL in a trailer is refused', bytes: '0\r\nA: \0\r\n\r\n', verdict: 'bad_trailer' },
  { name: 'a bare LF at the end is refused', bytes: '0\r\n\n', verdict: 'bad_trailer' },
  { name: 'a bare CR at the end is refused', bytes: '0\r\n\rX', verdict: 'bad_trailer' },
];

/** For a limit of 4 KiB for extensions, and of at least 100 bytes and 2 fields for trailers. */
export const CHUNKED_CASES: readonly ChunkedCase[] = [...SIZES, ...EXTENSIONS, ...TRAILERS];
