import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorText } from '../common/error-text.ts';
import { nodeCrypto, nodeTls } from '../common/node-builtins.ts';
import { readFailure } from '../common/read-failure.ts';
import { fileStampNow } from './file-stamp.ts';
import { Refusal } from './refusal.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const CERTIFICATE = 'write the file that begins with -----BEGIN CERTIFICATE-----, such as tls.crt of a Secret';
const AUTHORITY = CERTIFICATE.replace('tls.crt', 'ca.crt');
const KEY = 'write the file that begins with -----BEGIN PRIVATE KEY-----, such as tls.key of a Secret';

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** DNS names, lower case; `*.example.org` stands for one label. */
  readonly names: readonly string[];
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number;
}

/** Reads the files of keys and certificates that a configuration names. Each method throws a Refusal. */
export class PemReader {
  /** What each file looked like right before it was read, by absolute path; empty: it was not there. */
  readonly stamps = new Map<string, string>();
  readonly #folder: string;

  /** @param folder where the paths begin */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A certificate, and what follows it of its chain. */
  certificate(path: string): { readonly text: string; readonly facts: CertificateFacts } {
    const text = this.#read(path);
    const [first] = parseBlocks(text);
    const names = first.subjectAltName?.matchAll(/DNS:([^,"\s]+)/g) ?? [];
    return {
      text,
      facts: { names: [...names].map(([, name = '']) => name.toLowerCase()), expires: Date.parse(first.validTo) },
    };
  }

  /** @param certificate what the key belongs to, PEM; null: that could not be read, so nobody knows */
  key(path: string, certificate: string | null): string {
    const text = this.#read(path);
    if (/^(?:-----BEGIN |Proc-Type:.*)ENCRYPTED/m.test(text)) {
      throw new Refusal('is encrypted', 'decrypt it (openssl pkey), and protect it by the rights of the file');
    }
    try {
      const { createPrivateKey, X509Certificate } = nodeCrypto();
      const key = createPrivateKey(text);
      if (certificate !== null && !new X509Certificate(certificate).checkPrivateKey(key)) {
        throw new Refusal("is not the certificate's key", 'write the two files that were made together');
      }
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new Refusal('is not a private key in PEM form', KEY);
    }
    if (certificate === null) return text;
    try {
      nodeTls().createSecureContext({ cert: certificate, key: text });
    } catch (error) {
      throw new Refusal(`is refused by OpenSSL: ${errorText(error)}`, 'make a key of 2048 bits or more, or an EC key');
    }
    return text;
  }

  /** The certificates of authorities, one or many. */
  authorities(path: string): string {
    const text = this.#read(path);
    parseBlocks(text, AUTHORITY);
    return text;
  }

  #read(path: string): string {
    const file = resolve(this.#folder, path);
    // What changes after this look is seen as a change, never missed.
    if (!this.stamps.has(file)) this.stamps.set(file, fileStampNow(file));
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const { reason, remedy } = readFailure(
        error,
        'file',
        "correct the path; it begins at the configuration's folder",
      );
      throw new Refusal(`cannot be read: ${reason} (${file})`, remedy);
    }
  }
}

function parseBlocks(text: string, remedy = CERTIFICATE): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const { X509Certificate } = nodeCrypto();
    const [first, ...others] = (text.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...others];
  } catch {
    // What OpenSSL says of it (`asn1 wrong tag`) helps nobody.
  }
  throw new Refusal('is not a certificate in PEM form', remedy);
}
