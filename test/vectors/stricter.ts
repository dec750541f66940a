import type { Reading } from './read-messages.ts';

/** The rule behind each refusal of what a vector's own parser accepts, or reads on in. */
export const STRICTER: Readonly<Partial<Record<Reading['verdict'], string>>> = {
  bad_chunk_size: 'A size is CRLF-terminated and bounded (RFC 9112 7.1); servers differ about the rest.',
  bad_content_length:
    'RFC 9112 6.3: a list of one value is rejected or replaced; what is rejected cannot be read in two ways.',
  bad_status_line: 'An upstream that was asked in HTTP/1.1 answers HTTP/1.x (RFC 9112 4); nothing may stand before it.',
  bad_target:
    'A target is ASCII without a fragment or user information; `*` is for OPTIONS (RFC 9112 3.2, RFC 9110 4.2.4).',
  bad_transfer_encoding: 'chunked is last, or nobody knows where the body ends (RFC 9112 6.1).',
  bad_version: 'RTSP and ICE are other protocols (RFC 9112 2.3).',
  bare_lf:
    'RFC 9112 2.2 lets a recipient take a bare LF for a line end; requests are smuggled where two differ about it.',
  connect_not_allowed: 'A reverse proxy makes no tunnels (RFC 9110 9.3.6).',
  content_length_and_transfer_encoding: 'Both are how requests are smuggled (RFC 9112 6.3).',
  missing_version: 'HTTP/0.9 is no longer spoken (RFC 9112 2.3).',
  obs_fold: 'RFC 9112 5.2: a server rejects it or replaces it; what is rejected cannot be read in two ways.',
  transfer_encoding_in_http_1_0: 'Faulty framing, even in a coding that is not chunked (RFC 9112 6.1).',
  unsupported_transfer_coding: 'A coding that is not understood is not passed on as if it were (RFC 9112 6.1: 501).',
  unsupported_version: 'The preface of HTTP/2 on a port that speaks HTTP/1.1 (RFC 9110 15.6.6: 505).',
  upgrade_with_body: 'A body before another protocol begins is a place to hide a request in.',
};
