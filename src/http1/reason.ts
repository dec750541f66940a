/** What can be wrong with the field lines of any message. */
export type FieldReason =
  | 'obs_fold'
  | 'bare_lf'
  | 'bare_cr'
  | 'space_before_colon'
  | 'empty_field_name'
  | 'bad_field_name'
  | 'bad_field_value'
  | 'too_many_fields';

/** What can be wrong with the framing that a head announces, on both sides. */
type FramingReason =
  | 'bad_content_length'
  | 'duplicate_content_length'
  | 'content_length_and_transfer_encoding'
  | 'bad_transfer_encoding'
  | 'unsupported_transfer_coding'
  | 'transfer_encoding_in_http_1_0'
  | 'too_many_connection_options';

/** What can be wrong with a chunked body. In a response the head has gone out by then: cut the connection. */
export type ChunkReason =
  | 'bad_chunk_size'
  | 'bad_chunk_end'
  | 'bad_chunk_extension'
  | 'chunk_extensions_too_large'
  | 'bad_trailer'
  | 'trailers_too_large';

/** Why a request was refused: one code a cause. */
export type RequestReason =
  | FieldReason
  | FramingReason
  | ChunkReason
  | 'bad_method'
  | 'bad_target'
  | 'missing_version'
  | 'bad_version'
  | 'unsupported_version'
  | 'uri_too_long'
  | 'head_too_large'
  | 'connect_not_allowed'
  | 'trace_not_allowed'
  | 'missing_host'
  | 'duplicate_host'
  | 'bad_host'
  | 'unknown_expectation'
  | 'upgrade_with_body';

/** Why an upstream's response was refused: one code a cause. The status is always 502. */
export type ResponseReason =
  | FieldReason
  | FramingReason
  | ChunkReason
  | 'bad_status_line'
  | 'bad_status'
  | 'head_too_large';

/** The status that answers each cause (RFC 9110 15.5 and 15.6, RFC 9112 2.2, 3, 6.1 and 6.3, RFC 6585 5). */
export const REQUEST_REASONS: Readonly<Record<RequestReason, 400 | 405 | 414 | 417 | 431 | 501 | 505>> = {
  obs_fold: 400,
  bare_lf: 400,
  bare_cr: 400,
  space_before_colon: 400,
  empty_field_name: 400,
  bad_field_name: 400,
  bad_field_value: 400,
  too_many_fields: 431,
  bad_content_length: 400,
  duplicate_content_length: 400,
  content_length_and_transfer_encoding: 400,
  bad_transfer_encoding: 400,
  unsupported_transfer_coding: 501,
  transfer_encoding_in_http_1_0: 400,
  too_many_connection_options: 400,
  bad_chunk_size: 400,
  bad_chunk_end: 400,
  bad_chunk_extension: 400,
  chunk_extensions_too_large: 400,
  bad_trailer: 400,
  trailers_too_large: 431,
  bad_method: 400,
  bad_target: 400,
  missing_version: 400,
  bad_version: 400,
  unsupported_version: 505,
  uri_too_long: 414,
  head_too_large: 431,
  connect_not_allowed: 405,
  trace_not_allowed: 405,
  missing_host: 400,
  duplicate_host: 400,
  bad_host: 400,
  unknown_expectation: 417,
  upgrade_with_body: 400,
};
