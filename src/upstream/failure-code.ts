/** OpenSSL's reason in a message of Node.js: `...:SSL routines:tls_validate_record_header:wrong version number:...`. */
const OPENSSL_REASON = /:SSL routines:[^:]*:([^:]+):/;

/**
 * What ended a connection, in one word: ECONNRESET, ERR_SSL_WRONG_VERSION_NUMBER. A handshake that fails while something waits
 * to be written fails that write, as EPROTO: then OpenSSL's reason is in the message only, and is named as Node.js names it.
 */
export function failureCode(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'ERROR';
  if (code !== 'EPROTO') return code;
  const reason = OPENSSL_REASON.exec(error.message)?.[1];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}
