import { isIP } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { nodeTls } from '../common/node-builtins.ts';
import type { Endpoint, UpstreamTls } from '../routing/table.ts';

/** What upstreams are spoken to; one that insists on another protocol refuses the handshake. */
const ALPN = ['http/1.1'];
/** Sessions remembered; beyond it the memory starts anew. Each is a few kilobytes. */
const MAX_SESSIONS = 1_000;

/** TLS to the endpoints of a route: what is trusted, and the sessions that can be taken up again. */
export class UpstreamContext {
  readonly settings: UpstreamTls;
  readonly #context: SecureContext;
  /** By `host:port`. A session spares a new connection the certificate, and half of the handshake's time. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(settings: UpstreamTls) {
    this.settings = settings;
    this.#context = nodeTls().createSecureContext(settings.ca === null ? {} : { ca: settings.ca });
  }

  /** A connection that is being made. It may be used at `secureConnect`: nothing is sent to a peer that was not verified. */
  connect({ host, port }: Endpoint): TLSSocket {
    const key = `${host} ${port}`;
    const serverName = this.settings.serverName ?? (isIP(host) === 0 ? host : undefined);
    const session = this.#sessions.get(key);
    const options = {
      host,
      port,
      // Node knows allowHalfOpen here; its types do not.
      allowHalfOpen: true,
      noDelay: true,
      secureContext: this.#context,
      rejectUnauthorized: this.settings.verify,
      ALPNProtocols: ALPN,
      ...(serverName !== undefined && { servername: serverName }),
      ...(session !== undefined && { session }),
    };
    const socket = nodeTls().connect(options);
    socket.on('session', (ticket: Buffer) => {
      if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.clear();
      this.#sessions.set(key, ticket);
    });
    return socket;
  }
}
