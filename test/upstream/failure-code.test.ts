import t from 'tap';
import { failureCode } from '../../src/upstream/failure-code.ts';

function systemError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

t.test('an error is named by its code', async (t) => {
  t.equal(failureCode(systemError('read ECONNRESET', 'ECONNRESET')), 'ECONNRESET');
  t.equal(failureCode(new Error('no code')), 'ERROR');
});

t.test('EPROTO is named by the reason of OpenSSL, where there is one', async (t) => {
  const message =
    'write EPROTO 40F34DDBE07F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:' +
    '../deps/openssl/openssl/ssl/record/methods/tlsany_meth.c:78:\n';
  t.equal(failureCode(systemError(message, 'EPROTO')), 'ERR_SSL_WRONG_VERSION_NUMBER');
  t.equal(failureCode(systemError('write EPROTO', 'EPROTO')), 'EPROTO');
});
