import { ok } from 'node:assert/strict';
import { authorityHostEnd } from '../../src/http1/authority.ts';
import { checkChunked } from './check-chunked.ts';
import { checkRequestHead } from './check-request-head.ts';
import { checkResponseHead } from './check-response-head.ts';

const DEFAULTS = { requestLineBytes: 8_192, headerBytes: 16_384, headers: 100 };
/** Small, so that inputs meet them. */
const SMALL = { requestLineBytes: 30, headerBytes: 120, headers: 4 };
const LOWER_CASE = 0x20;

/**
 * Checks every property of the codec on one input and throws where one does not hold. The first byte chooses: `q` a request and
 * its body, `r` a response, `h` a response to HEAD, `c` a chunked body; in upper case with small limits. Any other byte counts as
 * the one of these with which it shares its last two bits, so that no input is wasted.
 */
export function checkCodec(input: Buffer): void {
  const selector = input[0];
  if (selector === undefined) return;
  const message = input.subarray(1);
  const small = (selector & LOWER_CASE) === 0;
  const limits = small ? SMALL : DEFAULTS;
  switch (selector & 3) {
    case 0:
      checkResponseHead(message, limits, true);
      return;
    case 1:
      checkRequest(message, limits, small);
      return;
    case 2:
      checkResponseHead(message, limits, false);
      return;
    default:
      checkChunked(message, small);
  }
}

function checkRequest(message: Buffer, limits: typeof DEFAULTS, small: boolean): void {
  const head = checkRequestHead(message, limits);
  // An authority is checked on its own as well: most targets and Host fields of mutants never get so far.
  const hostEnd = authorityHostEnd(message, 0, message.length);
  ok(hostEnd === -1 || (hostEnd > 0 && hostEnd <= message.length), 'the host ends within the authority');
  if (head === null || !head.chunked) return;
  checkChunked(message.subarray(head.length), small);
}
