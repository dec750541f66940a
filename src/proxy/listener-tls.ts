/** What a listener needs to speak TLS. Plain data that structuredClone takes; its files were read and checked before. */
export interface ListenerTls {
  /** The first one serves clients that name no host, or one that no certificate is for. */
  readonly certificates: readonly ServerCertificate[];
  readonly minVersion: TlsVersion;
  /**
   * 48 random bytes, the same in every worker: a client that comes back is taken up by whichever worker gets it. Without
   * them each worker would have keys of its own, and with four workers three of four sessions would not be resumed.
   */
  readonly ticketKeys: Uint8Array;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface ServerCertificate {
  /** PEM: the certificate, then the intermediate ones. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** The DNS names in it, lower case; `*.example.org` stands for one label. */
  readonly names: readonly string[];
}
