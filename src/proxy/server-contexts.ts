import type { SecureContext, TLSSocketOptions } from 'node:tls';
import { nodeCrypto, nodeTls } from '../common/node-builtins.ts';
import type { ListenerTls } from './listener-tls.ts';

/** The only protocol spoken here (RFC 7301 6). A client that offers others and not this one gets no_application_protocol. */
const ALPN = ['http/1.1'];

/** The certificates of one listener, ready for handshakes. */
export class ServerContexts {
  #options: TLSSocketOptions;

  /** @throws Error of OpenSSL where a pair is not one */
  constructor(tls: ListenerTls) {
    this.#options = socketOptions(tls);
  }

  /** For the next handshake. */
  get options(): TLSSocketOptions {
    return this.#options;
  }

  /** Connections that stand keep what they have. @throws Error of OpenSSL where a pair is not one: nothing is changed */
  update(tls: ListenerTls): void {
    this.#options = socketOptions(tls);
  }
}

function socketOptions(tls: ListenerTls): TLSSocketOptions {
  const contexts = tls.certificates.map((one) => serverContext(tls, one));
  const [first] = contexts;
  if (first === undefined) throw new RangeError('a listener with TLS has no certificate');
  const options: TLSSocketOptions = { isServer: true, secureContext: first, ALPNProtocols: ALPN };
  // Asking costs a call into JavaScript for each handshake.
  if (contexts.length === 1) return options;
  const byName = new Map<string, SecureContext>();
  for (const [index, { names }] of tls.certificates.entries()) {
    const context = contexts[index] ?? first;
    // The first certificate for a name keeps it.
    for (const name of names) if (!byName.has(name)) byName.set(name, context);
  }
  return {
    ...options,
    SNICallback: (servername, done) => {
      const name = servername.toLowerCase();
      done(null, byName.get(name) ?? byName.get(`*${name.slice(name.indexOf('.'))}`) ?? first);
    },
  };
}

function serverContext({ minVersion, ticketKeys }: ListenerTls, { certificate, key }: ListenerTls['certificates'][0]) {
  return nodeTls().createSecureContext({
    cert: certificate,
    key,
    minVersion,
    ticketKeys: Buffer.from(ticketKeys),
    // Nobody needs it, and each one costs a server far more than its client (CVE-2011-1473).
    secureOptions: nodeCrypto().constants.SSL_OP_NO_RENEGOTIATION,
    honorCipherOrder: true,
  });
}
