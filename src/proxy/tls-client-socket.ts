import type { Socket } from 'node:net';
import type { TLSSocketOptions } from 'node:tls';
import { nodeTls } from '../common/node-builtins.ts';

export type TlsClientSocket = InstanceType<ReturnType<typeof define>>;

/** Null: no client has come under TLS. */
let known: ReturnType<typeof define> | null = null;

/** @param plainAnswer what a client gets that speaks HTTP without TLS */
export function tlsClientSocket(raw: Socket, options: TLSSocketOptions, plainAnswer: () => Buffer): TlsClientSocket {
  known ??= define();
  return new known(raw, options, plainAnswer);
}

export function isTlsClient(socket: Socket): socket is TlsClientSocket {
  return known !== null && socket instanceof known;
}

/** The class stands on node:tls, which a worker without TLS does not load. */
function define() {
  const { TLSSocket } = nodeTls();

  /**
   * A client's connection under TLS, on top of the TCP connection that was accepted. What is written is encrypted, and so
   * copied, before `write` returns (TLSWrap::DoWrite in Node's crypto_tls.cc): its buffer may be reused at once. Only what comes
   * while a write is under way would be kept as it is, so that is copied here.
   */
  return class TlsClientSocket extends TLSSocket {
    /** The handshake is complete. */
    established = false;
    readonly #raw: Socket;
    /** Writes of nothing that are under way. */
    #empty = 0;
    readonly #plainAnswer: () => Buffer;

    /** @param plainAnswer what a client gets that speaks HTTP without TLS */
    constructor(raw: Socket, options: TLSSocketOptions, plainAnswer: () => Buffer) {
      super(raw, options);
      this.#raw = raw;
      this.#plainAnswer = plainAnswer;
      this.once('secure', () => {
        this.established = true;
      });
      // Node tells a TLS server of errors here, and nobody else: without it a broken record would leave the connection open.
      this.on('_tlsError', (error: Error) => this.destroy(error));
    }

    override write(chunk: Uint8Array | string, callback?: (error: Error | null | undefined) => void): boolean;
    override write(
      chunk: Uint8Array | string,
      encoding?: BufferEncoding,
      callback?: (error: Error | null | undefined) => void,
    ): boolean;
    override write(
      chunk: Uint8Array | string,
      encoding?: BufferEncoding | ((error: Error | null | undefined) => void),
      callback?: (error: Error | null | undefined) => void,
    ): boolean {
      if (typeof chunk === 'string') {
        return typeof encoding === 'string' ? super.write(chunk, encoding, callback) : super.write(chunk, encoding);
      }
      const done = typeof encoding === 'function' ? encoding : callback;
      if (chunk.length === 0) {
        // A write of nothing is under way like any other, and `writableLength` does not tell of it.
        this.#empty += 1;
        return super.write(chunk, (error) => {
          this.#empty -= 1;
          done?.(error);
        });
      }
      return super.write(this.writableLength > 0 || this.#empty > 0 ? Buffer.from(chunk) : chunk, done);
    }

    /** An end without close_notify, and a reset: nobody can take what was sent for the whole. */
    override resetAndDestroy(): this {
      this.#raw.resetAndDestroy();
      return this;
    }

    override destroy(error?: NodeJS.ErrnoException): this {
      // OpenSSL has said nothing to such a client: the connection is still plain.
      if (error?.code === 'ERR_SSL_HTTP_REQUEST' && !this.destroyed) this.#raw.write(this.#plainAnswer());
      return super.destroy(error);
    }
  };
}
