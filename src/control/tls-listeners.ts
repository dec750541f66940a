import { isDeepStrictEqual } from 'node:util';
import { nodeCrypto } from '../common/node-builtins.ts';
import type { CertificateConfig, ListenConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import type { ListenerTls } from '../proxy/listener-tls.ts';
import type { ListenOn } from '../proxy/messages.ts';

/** OpenSSL's size: a name, a key for encryption, one for authentication. */
const TICKET_KEY_BYTES = 48;

/** The listeners with their certificates, as the workers are to have them. */
export class TlsListeners {
  #listen: readonly ListenConfig[];
  #ticketKeys = Buffer.alloc(0);

  constructor(listen: readonly ListenConfig[]) {
    this.#listen = listen;
    if (this.any) this.changeTicketKeys();
  }

  /** Whether there is a listener with TLS at all. */
  get any(): boolean {
    return this.#listen.some(({ tls }) => tls !== null);
  }

  get listenOn(): readonly ListenOn[] {
    return this.#listen.map(({ address, port }, index) => ({ address, port, tls: this.tls[index] ?? undefined }));
  }

  /** In the order of `listen`; null: no TLS. */
  get tls(): readonly (ListenerTls | null)[] {
    return this.#listen.map(({ tls }) => tls && { ...tls, ticketKeys: this.#ticketKeys });
  }

  /**
   * Takes over what another configuration says of the certificates of the listeners that there are; addresses, ports and
   * whether there is TLS need a restart.
   * @returns whether that is something new
   */
  renew(listen: readonly ListenConfig[]): boolean {
    const renewed = this.#listen.map((one, index) => {
      const isOf = ({ address, port }: ListenConfig) => address === one.address && port === one.port;
      // The one at its place goes first: several may have port 0. Others that were put before it move it.
      const other = listen.slice(index, index + 1).find(isOf) ?? listen.find(isOf);
      return one.tls !== null && other?.tls ? { ...one, tls: other.tls } : one;
    });
    if (isDeepStrictEqual(renewed, this.#listen)) return false;
    this.#listen = renewed;
    this.changeTicketKeys();
    return true;
  }

  /** A key that leaks opens only the sessions of its time. Who comes with a ticket of the time before makes a full handshake. */
  changeTicketKeys(): void {
    this.#ticketKeys = nodeCrypto().randomBytes(TICKET_KEY_BYTES);
  }

  /** @param now milliseconds since 1970 */
  problems(now: number): readonly Problem[] {
    return this.#certificates()
      .filter(({ expires }) => expires <= now)
      .map(({ place, file, expires }) => ({
        place,
        message: `the certificate ${file} expired at ${new Date(expires).toISOString()}: clients refuse it`,
        remedy: 'put a new one in its place; it is taken up without a restart',
      }));
  }

  /** When each certificate ends, in milliseconds since 1970, by its file as it was written. */
  expiries(): ReadonlyMap<string, number> {
    return new Map(this.#certificates().map(({ file, expires }) => [file, expires]));
  }

  #certificates(): readonly CertificateConfig[] {
    return this.#listen.flatMap(({ tls }) => tls?.certificates ?? []);
  }
}
