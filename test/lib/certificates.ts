import { readFileSync } from 'node:fs';
import type { ListenerTls, ServerCertificate } from '../../src/proxy/listener-tls.ts';

/** The certificates in test/fixtures/tls; see the README there. */
export type CertificateName = 'server' | 'other' | 'internal' | 'expired';

const NAMES: Readonly<Record<CertificateName, readonly string[]>> = {
  server: ['localhost', 'app.example.com'],
  other: ['other.example.org', '*.wild.example.org'],
  internal: ['api.internal'],
  expired: ['localhost'],
};

/** The text of a file of test/fixtures/tls. */
export function pem(file: `${CertificateName}.${'crt' | 'key'}` | 'ca.crt'): string {
  return readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), 'utf8');
}

/** Where such a file is. */
export function pemPath(file: `${CertificateName}.${'crt' | 'key'}` | 'ca.crt'): string {
  return new URL(`../fixtures/tls/${file}`, import.meta.url).pathname;
}

/** A listener with these certificates, the first of which is the default. */
export function listenerTls(names: readonly CertificateName[], change: Partial<ListenerTls> = {}): ListenerTls {
  const certificates = names.map(
    (name): ServerCertificate => ({ certificate: pem(`${name}.crt`), key: pem(`${name}.key`), names: NAMES[name] }),
  );
  return { certificates, minVersion: 'TLSv1.2', ticketKeys: new Uint8Array(48).fill(7), ...change };
}
