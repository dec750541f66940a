import { CHUNKED_CASES } from '../http1/chunked-cases.ts';
import { REQUEST_CASES } from '../http1/request-cases.ts';
import { RESPONSE_CASES } from '../http1/response-cases.ts';

const CHUNKED_POST = 'POST /form HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n';
/** More ranges than the decoder returns at once: many chunks, and many extensions, each of which ends a range. */
const MANY_CHUNKS = ['1\r\na\r\n'.repeat(200), '1;x\r\na\r\n'.repeat(160)].map((chunks) => `c${chunks}0\r\n\r\n`);
/** Cases at the limits are long and would make long mutants. */
const MAX_LENGTH = 1_500;

/** The named cases of the codec's tests as inputs of `checkCodec`. */
export function seeds(): Buffer[] {
  return [
    ...MANY_CHUNKS,
    ...REQUEST_CASES.flatMap(({ bytes }) => [`q${bytes}`, `Q${bytes}`]),
    ...RESPONSE_CASES.flatMap(({ bytes }) => [`r${bytes}`, `h${bytes}`, `R${bytes}`]),
    ...CHUNKED_CASES.flatMap(({ bytes }) => [`c${bytes}`, `C${bytes}`, `q${CHUNKED_POST}${bytes}`]),
  ]
    .filter((text) => text.length < MAX_LENGTH)
    .map((text) => Buffer.from(text, 'latin1'));
}
